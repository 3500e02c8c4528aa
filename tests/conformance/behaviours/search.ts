import { expect } from "vitest";

import { clause } from "../behaviour.ts";
import { insertAll } from "../documents.ts";
import type { Driver } from "../driver.ts";

/** Articles titled by their bodies' keys. */
async function articles(t: Driver, bodies: Record<string, string>, section?: string) {
  const rows = Object.entries(bodies).map(([title, body]) =>
    section === undefined ? { title, body } : { title, body, section },
  );
  return await insertAll(t, rows, "articles");
}

async function find(t: Driver, words: string, section?: string | null): Promise<string[]> {
  const args = section === undefined ? { words } : { words, section };
  return (await t.query("search:find", args)) as string[];
}

export const search = clause("Search", {
  "a word finds the documents that contain it": async (t) => {
    await articles(t, { tea: "green tea from Japan", coffee: "coffee from Ethiopia" });
    expect(await find(t, "tea")).toEqual(["tea"]);
    expect((await find(t, "from")).sort()).toEqual(["coffee", "tea"]);
    expect(await find(t, "cocoa")).toEqual([]);
  },
  "case and punctuation do not matter": async (t) => {
    await articles(t, { a: "Hello, WORLD! It's here." });
    for (const words of ["hello", "World", "HERE", "it", "hello-world"]) {
      expect(await find(t, words)).toEqual(["a"]);
    }
  },
  "any of the words is enough": async (t) => {
    await articles(t, { a: "apple pie", b: "banana bread", c: "cherry cake" });
    expect((await find(t, "apple banana")).sort()).toEqual(["a", "b"]);
  },
  "the last word finds what starts with it": async (t) => {
    await articles(t, { a: "chocolate", b: "chopped nuts", c: "a macho man" });
    expect((await find(t, "cho")).sort()).toEqual(["a", "b"]);
  },
  "a word that is not the last is taken whole": async (t) => {
    await articles(t, { a: "chocolate", b: "milk" });
    expect(await find(t, "choc milk")).toEqual(["b"]);
  },
  "no words find nothing": async (t) => {
    await articles(t, { a: "text" });
    expect(await find(t, "")).toEqual([]);
    expect(await find(t, " ,. ")).toEqual([]);
  },
  "who contains more of the words comes first": async (t) => {
    await articles(t, { one: "red shoe", both: "red hat", none: "green coat" });
    expect(await find(t, "red hat")).toEqual(["both", "one"]);
  },
  "who contains the word more often comes first": async (t) => {
    await articles(t, {
      once: "tea and milk and sugar and water",
      thrice: "tea and tea and tea and water",
    });
    expect(await find(t, "tea")).toEqual(["thrice", "once"]);
  },
  "the shorter text comes first": async (t) => {
    await articles(t, {
      long: "lamp with many further words that are not asked for at all",
      short: "lamp here",
    });
    expect(await find(t, "lamp")).toEqual(["short", "long"]);
  },
  "the rarer word weighs more": async (t) => {
    await articles(t, {
      common1: "wood common",
      common2: "wood common",
      common3: "wood common",
      rare: "wood walnut",
    });
    expect((await find(t, "walnut common"))[0]).toBe("rare");
  },
  "a whole word comes before a word that only starts with it": async (t) => {
    await articles(t, { longer: "teapot blue", exact: "tea blue" });
    expect(await find(t, "tea")).toEqual(["exact", "longer"]);
  },
  "of equals the newest comes first": async (t) => {
    await articles(t, { old: "same words", middle: "same words", young: "same words" });
    expect(await find(t, "same")).toEqual(["young", "middle", "old"]);
  },
  "a filter field narrows by equality": async (t) => {
    await articles(t, { a: "news of sport" }, "sport");
    await articles(t, { b: "news of trade" }, "trade");
    await articles(t, { c: "news of nothing" });
    expect(await find(t, "news", "sport")).toEqual(["a"]);
    expect(await find(t, "news", "weather")).toEqual([]);
  },
  "a filter by undefined finds documents without the field": async (t) => {
    await articles(t, { a: "news" }, "sport");
    await articles(t, { b: "news" });
    expect(await find(t, "news", null)).toEqual(["b"]);
  },
  "search follows changed and deleted documents": async (t) => {
    const [a, b] = await articles(t, { a: "old words", b: "old words" });
    await t.mutation("documents:patch", { id: a!, value: { body: "new words" } });
    await t.mutation("documents:remove", { id: b! });
    expect(await find(t, "old")).toEqual([]);
    expect(await find(t, "new")).toEqual(["a"]);
  },
  "a mutation finds what it has just written": async (t) => {
    const args = { title: "fresh", body: "just written", words: "written" };
    expect(await t.mutation("search:insertThenFind", args)).toEqual(["fresh"]);
  },
  "a vector finds those in the most similar directions": async (t) => {
    const points = { east: [1, 0], north: [0, 1], northeast: [5, 5], west: [-1, 0] };
    const rows = Object.entries(points).map(([name, at]) => ({ name, at }));
    const [east, , northeast] = await insertAll(t, rows, "points");
    const args = { vector: [2, 0.5], limit: 2 };
    expect(await t.action("search:nearest", args)).toEqual([east, northeast]);
  },
  "take, filter and pages work on search results": async (t) => {
    await articles(t, { a: "word", b: "word", c: "word" });
    expect(await t.query("search:findFirst", { words: "word", take: 2 })).toHaveLength(2);
    expect(await t.query("search:findWhere", { words: "word", title: "b" })).toEqual(["b"]);
    const found: string[] = [];
    let cursor: string | null = null;
    for (let turns = 0; turns < 3; turns += 1) {
      const paginationOpts: { numItems: number; cursor: string | null } = { numItems: 2, cursor };
      const turned = await t.query("search:findPage", { words: "word", paginationOpts });
      const { page, isDone, continueCursor } = turned as {
        page: string[];
        isDone: boolean;
        continueCursor: string;
      };
      found.push(...page);
      if (isDone) break;
      cursor = continueCursor;
    }
    expect(found.sort()).toEqual(["a", "b", "c"]);
  },
});
