import type { Value } from "convex/values";
import { expect } from "vitest";

import { clause } from "../behaviour.ts";
import {
  content,
  get,
  insert,
  insertAll,
  insertValues,
  list,
  literal,
  op,
  field,
  selectionArgs,
  values,
  valueOf,
  type Document,
} from "../documents.ts";
import type { Driver } from "../driver.ts";

const WRITES = [
  ["documents:patch", "patch"],
  ["documents:replace", "replace"],
  ["documents:remove", "delete"],
] as const;

/** Well formed, of a table with the number 99,999,999. */
const ID_OF_NO_TABLE = "zz0xebr024h36h2ncsvrh6daqf6dvvqzqtj0";

async function removedId(t: Driver): Promise<string> {
  const id = await insert(t, { value: "removed" });
  await t.mutation("documents:remove", { id });
  return id;
}

export const documents = clause("Documents", {
  "an inserted document has its fields, an id and a creation time": async (t) => {
    const before = Date.now() - 1;
    const id = await insert(t, { value: "v", label: 1 });
    const document = await get(t, id);
    expect(document).toMatchObject({ _id: id, value: "v", label: 1 });
    expect(document?.["_creationTime"]).toBeGreaterThan(before - 60_000);
    expect(Object.keys(document ?? {}).sort()).toEqual(["_creationTime", "_id", "label", "value"]);
  },
  "creation times grow with every insert, within a mutation too": async (t) => {
    await insertValues(t, [1, 2, 3]);
    await insertValues(t, [4, 5]);
    const times = (await list(t)).map((document) => document["_creationTime"] as number);
    expect(times).toHaveLength(5);
    for (const [index, time] of times.slice(1).entries()) {
      expect(time).toBeGreaterThan(times[index]!);
    }
  },
  "an insert cannot choose the id or the creation time": async (t) => {
    const id = await insert(t, { value: 1 });
    await expect(insert(t, { value: 2, _id: id })).rejects.toThrow(/_id/);
    await expect(insert(t, { value: 2, _creationTime: 1 })).rejects.toThrow(/_creationTime/);
  },
  "a document that does not exist is null": async (t) => {
    expect(await get(t, await removedId(t))).toBeNull();
  },
  "get refuses what is no id": async (t) => {
    await expect(get(t, "no id")).rejects.toThrow();
  },
  "get with a table gives its document and refuses another table's id": async (t) => {
    const id = await insert(t, { value: 1 });
    expect(await t.query("documents:getFrom", { table: "things", id })).toMatchObject({ value: 1 });
    await expect(t.query("documents:getFrom", { table: "people", id })).rejects.toThrow();
  },
  "what is no id is refused in Convex's words, by every call that takes one": async (t) => {
    const id = "no id";
    const problem = (verb: string) =>
      `Invalid argument \`id\` for \`db.${verb}\`: Unable to decode ID: Invalid ID length 5`;
    await expect(get(t, id)).rejects.toThrow(problem("get"));
    for (const [path, verb] of WRITES) {
      const args = path === "documents:remove" ? { id } : { id, value: {} };
      await expect(t.mutation(path, args)).rejects.toThrow(problem(verb));
    }
  },
  "an id of no table reads as null and cannot be written": async (t) => {
    const id = ID_OF_NO_TABLE;
    expect(await get(t, id)).toBeNull();
    for (const [path, verb] of WRITES) {
      const args = path === "documents:remove" ? { id } : { id, value: {} };
      await expect(t.mutation(path, args)).rejects.toThrow(
        `Invalid argument \`id\` for \`db.${verb}\`: Table for ID "${id}" not found`,
      );
    }
  },
  "an id of another table is refused with both names": async (t) => {
    const id = await insert(t, { value: 1 });
    await expect(t.query("documents:getFrom", { table: "people", id })).rejects.toThrow(
      'Invalid argument `id` for `db.get`: expected to be an Id<"people">, got Id<"things"> instead.',
    );
  },
  "what cannot be stored is named as the argument": async (t) => {
    const problem = "Invalid argument `value` for `db.insert`: ";
    await expect(insert(t, 7)).rejects.toThrow(`${problem}Value must be an Object`);
    await expect(insert(t, {}, "a table")).rejects.toThrow(
      "Invalid argument `table` for `db.insert`: Identifier a table has invalid character ' '",
    );
  },
  "a document that breaks rules is refused with all that is wrong": async (t) => {
    let deep: Value = 1;
    for (let level = 0; level < 16; level += 1) deep = [deep];
    await expect(insert(t, { deep, _b: 1, _a: 2 })).rejects.toThrow(
      "isn't a valid document: Document is too nested (nested 17 levels deep > maximum nesting " +
        "16)\n Field '_a' starts with an underscore, which is only allowed for system fields " +
        "like '_id'\n Field '_b' starts with an underscore",
    );
    await expect(insert(t, { _a: 1 })).rejects.toThrow(
      /Document\(value: \{_a: 1\.0, _creationTime: [\d.]+, _id: "[0-9a-z]+"\}\) isn't a valid/,
    );
  },
  "a patch merges at the top level only": async (t) => {
    const id = await insert(t, { value: { a: 1, b: 2 }, label: "kept" });
    await t.mutation("documents:patch", { id, value: { value: { a: 9 }, added: true } });
    expect(await content(t, id)).toEqual({ value: { a: 9 }, label: "kept", added: true });
  },
  "a patch with undefined removes a field": async (t) => {
    const id = await insert(t, { value: 1, label: 2 });
    await t.mutation("documents:patch", { id, value: {}, unset: ["value", "never there"] });
    expect(await content(t, id)).toEqual({ label: 2 });
  },
  "a patch keeps the id and the creation time and refuses other ones": async (t) => {
    const id = await insert(t, { value: 1 });
    const before = await get(t, id);
    await t.mutation("documents:patch", { id, value: { value: 2 } });
    const after = await get(t, id);
    expect(after).toEqual({ ...before, value: 2 });
    await expect(
      t.mutation("documents:patch", { id, value: { _creationTime: 1 } }),
    ).rejects.toThrow(/_creationTime/);
  },
  "a replacement drops what it does not name": async (t) => {
    const id = await insert(t, { value: 1, label: 2 });
    const before = await get(t, id);
    await t.mutation("documents:replace", { id, value: { other: 3 } });
    expect(await content(t, id)).toEqual({ other: 3 });
    expect((await get(t, id))?.["_creationTime"]).toBe(before?.["_creationTime"]);
  },
  "a replacement may carry the document's own id and creation time": async (t) => {
    const id = await insert(t, { value: 1 });
    const document = await get(t, id);
    await t.mutation("documents:replace", { id, value: { ...document, value: 2 } });
    expect(await get(t, id)).toEqual({ ...document, value: 2 });
  },
  "a replacement with another id is refused": async (t) => {
    const [id, other] = await insertValues(t, [1, 2]);
    const value = { value: 3, _id: other! };
    await expect(t.mutation("documents:replace", { id: id!, value })).rejects.toThrow(/_id/);
  },
  "a deleted document is gone from reads and ranges": async (t) => {
    const [gone, kept] = await insertValues(t, [1, 2]);
    await t.mutation("documents:remove", { id: gone! });
    expect(await get(t, gone!)).toBeNull();
    expect((await list(t)).map(({ _id }) => _id)).toEqual([kept]);
  },
  "patch, replace and delete of a document that is not there are refused": async (t) => {
    const id = await removedId(t);
    const gone = /non-?existent doc/i;
    await expect(t.mutation("documents:patch", { id, value: {} })).rejects.toThrow(gone);
    await expect(t.mutation("documents:replace", { id, value: {} })).rejects.toThrow(gone);
    await expect(t.mutation("documents:remove", { id })).rejects.toThrow(gone);
  },
  "a mutation reads its own writes": async (t) => {
    expect(await t.mutation("documents:readOwnWrites")).toEqual({
      afterInsert: ["inserted"],
      afterPatch: ["patched"],
      afterDelete: [],
    });
  },
  "a mutation that throws leaves nothing behind": async (t) => {
    await expect(t.mutation("documents:insertThenThrow", { value: 1 })).rejects.toThrow(
      /thrown after a write/,
    );
    expect(await list(t)).toEqual([]);
  },
  "a write that was not awaited is part of the mutation": async (t) => {
    await t.mutation("documents:insertWithoutAwait", { value: "not awaited" });
    expect(await values(t)).toEqual(["not awaited"]);
  },
  "a table that was never written is empty": async (t) => {
    expect(await list(t, { table: "people" })).toEqual([]);
  },
  "collect gives all, take the first ones": async (t) => {
    await insertValues(t, [1, 2, 3]);
    expect(await values(t)).toEqual([1, 2, 3]);
    const taken = (take: number) => t.query("documents:list", { ...selectionArgs({}), take });
    expect(((await taken(2)) as Document[]).map(valueOf)).toEqual([1, 2]);
    expect(await taken(0)).toEqual([]);
    expect(await taken(9)).toHaveLength(3);
  },
  "a full scan is in the order of creation, or backwards": async (t) => {
    await insertValues(t, ["c", "a", "b"]);
    expect(await values(t)).toEqual(["c", "a", "b"]);
    expect(await values(t, { order: "desc" })).toEqual(["b", "a", "c"]);
  },
  "first gives the first document or null": async (t) => {
    expect(await t.query("documents:first", selectionArgs({}))).toBeNull();
    await insertValues(t, [1, 2]);
    const last = await t.query("documents:first", selectionArgs({ order: "desc" }));
    expect(last).toMatchObject({ value: 2 });
  },
  "unique gives the only document or null": async (t) => {
    expect(await t.query("documents:unique", selectionArgs({}))).toBeNull();
    await insertValues(t, [1]);
    expect(await t.query("documents:unique", selectionArgs({}))).toMatchObject({ value: 1 });
  },
  "unique refuses more than one document": async (t) => {
    await insertValues(t, [1, 2]);
    await expect(t.query("documents:unique", selectionArgs({}))).rejects.toThrow(/unique\(\)/);
  },
  "iterating may stop early": async (t) => {
    await insertValues(t, [1, 2, 3]);
    const seen = await t.query("documents:iterate", { ...selectionArgs({}), stopAfter: 2 });
    expect((seen as Document[]).map(valueOf)).toEqual([1, 2]);
  },
  "take counts what the filter lets through": async (t) => {
    await insertValues(t, [1, 2, 1, 2]);
    const where = op("eq", field("value"), literal(2));
    const found = await t.query("documents:list", { ...selectionArgs({ where }), take: 2 });
    expect((found as Document[]).map(valueOf)).toEqual([2, 2]);
  },
  "normalizeId knows the ids of its table": async (t) => {
    const id = await insert(t, { value: 1 });
    expect(await t.query("documents:normalizeId", { table: "things", id })).toBe(id);
  },
  "normalizeId is null for another table's id and for what is no id": async (t) => {
    const id = await insert(t, { value: 1 });
    await insert(t, { name: "Ada" }, "people");
    expect(await t.query("documents:normalizeId", { table: "people", id })).toBeNull();
    for (const text of ["", "no id", "0".repeat(32), `${id}0`]) {
      expect(await t.query("documents:normalizeId", { table: "things", id: text })).toBeNull();
    }
  },
  "normalizeId knows ids of documents that are gone": async (t) => {
    const id = await removedId(t);
    expect(await t.query("documents:normalizeId", { table: "things", id })).toBe(id);
  },
  "ids are 31 to 37 lower-case letters and digits": async (t) => {
    for (const id of await insertAll(t, [{ value: 1 }, { value: 2 }])) {
      expect(id).toMatch(/^[0-9a-hjkmnp-tv-z]{31,37}$/);
    }
  },
});
