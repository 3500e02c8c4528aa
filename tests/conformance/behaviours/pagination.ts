import { expect } from "vitest";

import { clause } from "../behaviour.ts";
import {
  field,
  insert,
  insertValues,
  literal,
  op,
  page,
  selectionArgs,
  valueOf,
  type Selection,
} from "../documents.ts";
import type { Driver } from "../driver.ts";

/** Turns pages until the last one. */
async function turnAll(t: Driver, numItems: number, selection: Selection = {}) {
  const pages = [];
  let cursor: string | null = null;
  for (;;) {
    const turned = await page(t, { numItems, cursor }, selection);
    pages.push(turned.page.map(valueOf));
    if (turned.isDone) return pages;
    cursor = turned.continueCursor;
  }
}

export const pagination = clause("Pagination", {
  "pages follow each other without gap or repetition": async (t) => {
    await insertValues(t, [1, 2, 3, 4, 5]);
    expect(await turnAll(t, 2)).toEqual([[1, 2], [3, 4], [5]]);
  },
  "pages follow an index, its range and its direction": async (t) => {
    await insertValues(t, [5, 3, 1, 4, 2]);
    const selection: Selection = { index: "by_value", range: [["gt", "value", 1]], order: "desc" };
    expect(await turnAll(t, 3, selection)).toEqual([[5, 4, 3], [2]]);
  },
  "an empty table is one empty page that is done": async (t) => {
    expect(await page(t, { numItems: 3, cursor: null })).toMatchObject({ page: [], isDone: true });
  },
  "a page that ends before its size is done": async (t) => {
    await insertValues(t, [1, 2]);
    const all = await page(t, { numItems: 3, cursor: null });
    expect(all.page.map(valueOf)).toEqual([1, 2]);
    expect(all.isDone).toBe(true);
  },
  "a page that fills exactly with the last document is not done, the next is empty": async (t) => {
    await insertValues(t, [1, 2]);
    const full = await page(t, { numItems: 2, cursor: null });
    expect(full.isDone).toBe(false);
    const next = await page(t, { numItems: 2, cursor: full.continueCursor });
    expect(next).toMatchObject({ page: [], isDone: true });
  },
  "what is inserted behind the cursor comes with the next page": async (t) => {
    await insertValues(t, [10, 20, 40]);
    const selection: Selection = { index: "by_value" };
    const first = await page(t, { numItems: 2, cursor: null }, selection);
    await insertValues(t, [5, 15, 30]);
    const next = await page(t, { numItems: 9, cursor: first.continueCursor }, selection);
    expect(next.page.map(valueOf)).toEqual([30, 40]);
  },
  "a page keeps its place when the document at its end is deleted": async (t) => {
    const [, second] = await insertValues(t, [1, 2, 3, 4]);
    const first = await page(t, { numItems: 2, cursor: null });
    await t.mutation("documents:remove", { id: second! });
    const next = await page(t, { numItems: 2, cursor: first.continueCursor });
    expect(next.page.map(valueOf)).toEqual([3, 4]);
  },
  "with an end cursor a page is everything up to there, whatever its size": async (t) => {
    await insertValues(t, [10, 20, 30]);
    const selection: Selection = { index: "by_value" };
    const first = await page(t, { numItems: 2, cursor: null }, selection);
    await insertValues(t, [12, 14, 25]);
    const options = { numItems: 2, cursor: null, endCursor: first.continueCursor };
    const again = await page(t, options, selection);
    expect(again.page.map(valueOf)).toEqual([10, 12, 14, 20]);
    expect(again.continueCursor).toBe(first.continueCursor);
  },
  "a page's size counts what the filter lets through": async (t) => {
    await insertValues(t, [1, 0, 2, 0, 3, 0]);
    const where = op("neq", field("value"), literal(0));
    expect((await turnAll(t, 2, { where })).flat()).toEqual([1, 2, 3]);
    expect((await page(t, { numItems: 2, cursor: null }, { where })).page).toHaveLength(2);
  },
  "the last page's cursor stays at the end": async (t) => {
    await insertValues(t, [1]);
    const last = await page(t, { numItems: 5, cursor: null });
    const beyond = await page(t, { numItems: 5, cursor: last.continueCursor });
    expect(beyond).toMatchObject({ page: [], isDone: true });
  },
  "a cursor of another query is refused": async (t) => {
    await insertValues(t, [1, 2, 3]);
    const first = await page(t, { numItems: 1, cursor: null }, { index: "by_value" });
    const options = { numItems: 1, cursor: first.continueCursor };
    await expect(page(t, options, { order: "desc" })).rejects.toThrow(/InvalidCursor/);
  },
  "a cursor that nobody issued is refused": async (t) => {
    await insertValues(t, [1, 2, 3]);
    const madeUp = page(t, { numItems: 1, cursor: "made up" });
    await expect(madeUp).rejects.toThrow(/Failed to parse cursor/);
  },
  "a page size of zero or of a fraction is refused": async (t) => {
    await insert(t, { value: 1 });
    await expect(page(t, { numItems: 0, cursor: null })).rejects.toThrow();
    await expect(page(t, { numItems: 1.5, cursor: null })).rejects.toThrow();
  },
  "a function paginates once": async (t) => {
    await insertValues(t, [1, 2]);
    await expect(t.query("documents:twoPages", selectionArgs({}))).rejects.toThrow(/paginat/i);
  },
});
