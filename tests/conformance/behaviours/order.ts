import type { Value } from "convex/values";
import { expect } from "vitest";

import { clause } from "../behaviour.ts";
import { insertAll, insertValues, list, valueOf, values, type Bound } from "../documents.ts";
import type { Driver } from "../driver.ts";

const bytes = (...of: number[]) => new Uint8Array(of).buffer;

/** One value of every type and the edges within it, in the total order. */
const ORDERED: readonly (Value | undefined)[] = [
  undefined,
  null,
  -(2n ** 63n),
  -2n,
  0n,
  1n,
  2n ** 63n - 1n,
  -Infinity,
  -1.5,
  -0,
  0,
  1,
  1.5,
  Infinity,
  NaN,
  false,
  true,
  "",
  "\u0000",
  "A",
  "a",
  "ab",
  "b",
  "é",
  "\uffff",
  "😀",
  bytes(),
  bytes(0),
  bytes(0, 1),
  bytes(1),
  bytes(255),
  [],
  [null],
  [1, 2],
  [2],
  [[]],
  {},
  { a: 1 },
  { a: 1, b: 0 },
  { a: 2 },
  { b: 0 },
];

const present = (value: Value | undefined): Value => (value === undefined ? "missing" : value);

function shuffled<T>(items: readonly T[]): T[] {
  return items.map((_, index) => items[(index * 17 + 5) % items.length] as T);
}

/** Inserts `wanted` out of order and expects the index to give it back in order. */
async function expectOrder(t: Driver, wanted: readonly (Value | undefined)[]): Promise<void> {
  await insertValues(t, shuffled(wanted));
  expect(await values(t, { index: "by_value" })).toStrictEqual(wanted.map(present));
}

async function range(t: Driver, ...bounds: Bound[]): Promise<Value[]> {
  return await values(t, { index: "by_value", range: bounds });
}

/** The `c` fields in the range of `by_a_b_c`. */
async function rangeOfThree(t: Driver, ...bounds: Bound[]): Promise<Value[]> {
  const found = await list(t, { index: "by_a_b_c", range: bounds });
  return found.map((document) => document["c"] as Value);
}

async function insertThrees(t: Driver): Promise<void> {
  const threes = [];
  for (const a of [1, 2]) {
    for (const b of ["x", "y"]) {
      for (const c of [0, 1, 2]) threes.push({ a, b, c: `${a}${b}${c}` });
    }
  }
  await insertAll(t, threes.reverse());
}

export const order = clause("Order and index ranges", {
  "an index orders missing < null < int64 < float < boolean < string < bytes < array < object":
    async (t) => {
      await expectOrder(t, [undefined, null, 5n, 1, true, "s", bytes(1), [1], { a: 1 }]);
    },
  "64-bit integers are ordered as numbers and come before every float": async (t) => {
    await expectOrder(t, [-(2n ** 63n), -256n, -1n, 0n, 1n, 255n, 2n ** 63n - 1n, -Infinity, 0]);
  },
  "floats are ordered from −Infinity over −0 before 0 to NaN": async (t) => {
    await expectOrder(t, [-Infinity, -1e300, -1, -0, 0, 5e-324, 1, 1e300, Infinity, NaN]);
  },
  "strings are ordered by their UTF-8 bytes": async (t) => {
    await expectOrder(t, ["", "\u0000", "A", "a", "ab", "b", "é", "\ue000", "\uffff", "😀"]);
  },
  "bytes are ordered as unsigned, a prefix first": async (t) => {
    await expectOrder(t, [bytes(), bytes(0), bytes(0, 0), bytes(0, 1), bytes(1), bytes(128)]);
  },
  "arrays are ordered element by element, a prefix first": async (t) => {
    await expectOrder(t, [[], [null], [null, 1], [1n], [1], [1, 0], [2], ["a"], [[]]]);
  },
  "objects are ordered by their sorted fields": async (t) => {
    await expectOrder(t, [{}, { a: 1 }, { a: 1, b: 0 }, { a: 2 }, { b: 0 }]);
  },
  "values of all types together are in the total order, and backwards in reverse": async (t) => {
    await expectOrder(t, ORDERED);
    const backwards = await values(t, { index: "by_value", order: "desc" });
    expect(backwards).toStrictEqual([...ORDERED].reverse().map(present));
  },
  "documents that lack the indexed field are in the index": async (t) => {
    await insertValues(t, [1, undefined, null, undefined]);
    expect(await range(t, ["eq", "value"])).toEqual(["missing", "missing"]);
    expect(await range(t, ["eq", "value", null])).toEqual([null]);
  },
  "an integer is not found by the float of the same size, nor 0 by −0": async (t) => {
    await insertValues(t, [1n, 1, 0, -0]);
    expect(await range(t, ["eq", "value", 1])).toStrictEqual([1]);
    expect(await range(t, ["eq", "value", 1n])).toStrictEqual([1n]);
    expect(await range(t, ["eq", "value", -0])).toStrictEqual([-0]);
  },
  "NaN is found by NaN": async (t) => {
    await insertValues(t, [NaN, 1]);
    expect(await range(t, ["eq", "value", NaN])).toEqual([NaN]);
  },
  "arrays, objects and bytes are found by equal ones": async (t) => {
    await insertValues(t, [[1, { a: 2n }], { a: [bytes(1)] }, bytes(1, 2)]);
    expect(await range(t, ["eq", "value", [1, { a: 2n }]])).toHaveLength(1);
    expect(await range(t, ["eq", "value", { a: [bytes(1)] }])).toHaveLength(1);
    expect(await range(t, ["eq", "value", bytes(1, 2)])).toHaveLength(1);
  },
  "a lower bound alone reaches into the later types": async (t) => {
    await insertValues(t, [null, 1n, 1, 2, false, "s", [1]]);
    expect(await range(t, ["gt", "value", 1])).toEqual([2, false, "s", [1]]);
    expect(await range(t, ["gte", "value", 1])).toEqual([1, 2, false, "s", [1]]);
  },
  "an upper bound alone reaches into the earlier types, null and missing fields": async (t) => {
    await insertValues(t, [undefined, null, 7n, 1, 2, "s"]);
    expect(await range(t, ["lt", "value", 2])).toEqual(["missing", null, 7n, 1]);
    expect(await range(t, ["lte", "value", 2])).toEqual(["missing", null, 7n, 1, 2]);
  },
  "greater than undefined finds all that have the field": async (t) => {
    await insertValues(t, [undefined, null, 1, "s"]);
    expect(await range(t, ["gt", "value"])).toEqual([null, 1, "s"]);
  },
  "two bounds enclose a range, with or without their ends": async (t) => {
    await insertValues(t, [1, 2, 3, 4]);
    expect(await range(t, ["gt", "value", 1], ["lt", "value", 4])).toEqual([2, 3]);
    expect(await range(t, ["gte", "value", 1], ["lte", "value", 4])).toEqual([1, 2, 3, 4]);
    expect(await range(t, ["gt", "value", 3], ["lt", "value", 2])).toEqual([]);
  },
  "equalities select a prefix of the index": async (t) => {
    await insertThrees(t);
    expect(await rangeOfThree(t, ["eq", "a", 2])).toHaveLength(6);
    const wanted = ["2x0", "2x1", "2x2"];
    expect(await rangeOfThree(t, ["eq", "a", 2], ["eq", "b", "x"])).toEqual(wanted);
  },
  "bounds come after the equalities before them": async (t) => {
    await insertThrees(t);
    expect(await rangeOfThree(t, ["eq", "a", 1], ["eq", "b", "y"], ["gt", "c", "1y0"])).toEqual([
      "1y1",
      "1y2",
    ]);
    expect(await rangeOfThree(t, ["eq", "a", 1], ["gt", "b", "x"])).toEqual(["1y0", "1y1", "1y2"]);
  },
  "greater than a value skips everything that starts with it": async (t) => {
    await insertThrees(t);
    const found = await rangeOfThree(t, ["gt", "a", 1]);
    expect(found).toEqual(["2x0", "2x1", "2x2", "2y0", "2y1", "2y2"]);
  },
  "equal keys are ordered by creation, backwards too": async (t) => {
    await insertAll(
      t,
      ["first", "second", "third"].map((name) => ({ value: 1, name })),
    );
    const names = async (direction: "asc" | "desc") => {
      const found = await list(t, { index: "by_value", order: direction });
      return found.map((document) => document["name"]);
    };
    expect(await names("asc")).toEqual(["first", "second", "third"]);
    expect(await names("desc")).toEqual(["third", "second", "first"]);
  },
  "an index may go into nested fields": async (t) => {
    await insertAll(t, [
      { value: "b", nested: { rank: 2 } },
      { value: "none", nested: {} },
      { value: "a", nested: { rank: 1 } },
      { value: "text", nested: "rank" },
    ]);
    const found = await list(t, { index: "by_nested_rank", range: [["gte", "nested.rank", 1]] });
    expect(found.map(valueOf)).toEqual(["a", "b"]);
    const missing = await list(t, { index: "by_nested_rank", range: [["eq", "nested.rank"]] });
    expect(missing.map(valueOf)).toEqual(["none", "text"]);
  },
  "the creation time ends every index and can bound a range": async (t) => {
    const [first] = await insertAll(t, [{ value: 1 }, { value: 1, late: true }]);
    const all = await list(t, { index: "by_value" });
    const firstTime = all.find(({ _id }) => _id === first)?.["_creationTime"] as number;
    const later = await list(t, {
      index: "by_value",
      range: [
        ["eq", "value", 1],
        ["gt", "_creationTime", firstTime],
      ],
    });
    expect(later.map((document) => document["late"])).toEqual([true]);
  },
  "by_creation_time is an index of every table": async (t) => {
    await insertValues(t, [3, 1, 2]);
    expect(await values(t, { index: "by_creation_time" })).toEqual([3, 1, 2]);
    expect(await values(t, { index: "by_creation_time", order: "desc" })).toEqual([2, 1, 3]);
  },
  "by_id is an index of every table, ordered by the text of the id": async (t) => {
    const ids = await insertValues(t, [3, 1, 2]);
    const found = (await list(t, { index: "by_id" })).map(({ _id }) => _id);
    expect(found).toEqual([...ids].sort());
    const one = await list(t, { index: "by_id", range: [["eq", "_id", ids[1]!]] });
    expect(one.map(valueOf)).toEqual([1]);
  },
  "a range that skips a field of the index is refused": async (t) => {
    await expect(rangeOfThree(t, ["eq", "b", "x"])).rejects.toThrow();
    await expect(rangeOfThree(t, ["eq", "a", 1], ["gt", "c", "1"])).rejects.toThrow();
  },
  "a range over a field that is not in the index is refused": async (t) => {
    await expect(range(t, ["eq", "label", 1])).rejects.toThrow();
  },
  "an index that the schema does not have is refused": async (t) => {
    await expect(values(t, { index: "by_nothing" })).rejects.toThrow(/by_nothing/);
  },
  "an index follows replaced, patched and deleted documents": async (t) => {
    const [a, b, c] = await insertValues(t, ["a", "b", "c"]);
    await t.mutation("documents:replace", { id: a!, value: { value: "z" } });
    await t.mutation("documents:patch", { id: b!, value: { other: 1 }, unset: ["value"] });
    await t.mutation("documents:remove", { id: c! });
    expect(await values(t, { index: "by_value" })).toEqual(["missing", "z"]);
    expect(await range(t, ["eq", "value", "a"])).toEqual([]);
  },
});
