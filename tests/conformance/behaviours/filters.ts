import type { Value } from "convex/values";
import { expect } from "vitest";

import { clause } from "../behaviour.ts";
import {
  field,
  insertAll,
  insertValues,
  list,
  literal,
  op,
  valueOf,
  values,
} from "../documents.ts";
import type { Driver } from "../driver.ts";

const value = field("value");

async function where(t: Driver, condition: Value): Promise<Value[]> {
  return await values(t, { where: condition });
}

/** Whether an expression without fields is true. */
async function holds(t: Driver, condition: Value): Promise<boolean> {
  await insertValues(t, [1]);
  return (await where(t, condition)).length > 0;
}

const equal = (left: Value, right: Value) => op("eq", left, right);

export const filters = clause("Filters", {
  "equal and not equal compare whole values": async (t) => {
    await insertValues(t, [[1], [2], { a: 1 }, "s"]);
    expect(await where(t, equal(value, literal([1])))).toEqual([[1]]);
    expect(await where(t, equal(value, literal({ a: 1 })))).toEqual([{ a: 1 }]);
    expect(await where(t, op("neq", value, literal("s")))).toEqual([[1], [2], { a: 1 }]);
  },
  "a missing field is undefined, which is not null": async (t) => {
    await insertValues(t, [undefined, null]);
    expect(await where(t, equal(value, literal()))).toEqual(["missing"]);
    expect(await where(t, equal(value, literal(null)))).toEqual([null]);
  },
  "a 64-bit integer does not equal the float of its size": async (t) => {
    await insertValues(t, [1n, 1]);
    expect(await where(t, equal(value, literal(1)))).toStrictEqual([1]);
    expect(await where(t, equal(value, literal(1n)))).toStrictEqual([1n]);
  },
  "NaN equals NaN": async (t) => {
    await insertValues(t, [NaN, 1]);
    expect(await where(t, equal(value, literal(NaN)))).toEqual([NaN]);
  },
  "less and greater follow the total order over types": async (t) => {
    await insertValues(t, [undefined, null, 3n, 1, 2, true, "s", [0]]);
    expect(await where(t, op("lt", value, literal(2)))).toEqual(["missing", null, 3n, 1]);
    expect(await where(t, op("lte", value, literal(2)))).toEqual(["missing", null, 3n, 1, 2]);
    expect(await where(t, op("gt", value, literal(2)))).toEqual([true, "s", [0]]);
    expect(await where(t, op("gte", value, literal(2)))).toEqual([2, true, "s", [0]]);
  },
  "every 64-bit integer is less than every float": async (t) => {
    expect(await holds(t, op("lt", literal(100n), literal(1)))).toBe(true);
  },
  "−0 is less than 0": async (t) => {
    expect(await holds(t, op("lt", literal(-0), literal(0)))).toBe(true);
  },
  "and, or and not combine conditions": async (t) => {
    await insertValues(t, [1, 2, 3, 4]);
    const above1 = op("gt", value, literal(1));
    const below4 = op("lt", value, literal(4));
    expect(await where(t, op("and", above1, below4))).toEqual([2, 3]);
    expect(await where(t, op("or", op("not", above1), op("not", below4)))).toEqual([1, 4]);
    expect(await where(t, op("and"))).toEqual([1, 2, 3, 4]);
    expect(await where(t, op("or"))).toEqual([]);
  },
  "arithmetic works on floats": async (t) => {
    expect(await holds(t, equal(op("add", literal(1), literal(2)), literal(3)))).toBe(true);
    expect(await holds(t, equal(op("sub", literal(1), literal(2)), literal(-1)))).toBe(true);
    expect(await holds(t, equal(op("mul", literal(2), literal(2.5)), literal(5)))).toBe(true);
    expect(await holds(t, equal(op("div", literal(1), literal(4)), literal(0.25)))).toBe(true);
    expect(await holds(t, equal(op("mod", literal(7), literal(4)), literal(3)))).toBe(true);
  },
  "arithmetic works on 64-bit integers": async (t) => {
    expect(await holds(t, equal(op("add", literal(1n), literal(2n)), literal(3n)))).toBe(true);
    expect(await holds(t, equal(op("mul", literal(2n), literal(-3n)), literal(-6n)))).toBe(true);
    expect(await holds(t, equal(op("mod", literal(7n), literal(4n)), literal(3n)))).toBe(true);
  },
  "numbers can be negated": async (t) => {
    expect(await holds(t, equal(op("neg", literal(7)), literal(-7)))).toBe(true);
    expect(await holds(t, equal(op("neg", literal(7n)), literal(-7n)))).toBe(true);
  },
  "arithmetic on mixed or other types is refused": async (t) => {
    await insertValues(t, [1]);
    const sums: Value[] = [
      op("add", literal(1n), literal(1)),
      op("add", literal("a"), literal("b")),
      op("mul", literal(null), literal(1)),
    ];
    for (const sum of sums) {
      await expect(where(t, equal(sum, literal(2)))).rejects.toThrow(/Cannot (add|multiply)/);
    }
  },
  "an overflow and a division of integers by zero are refused": async (t) => {
    await insertValues(t, [1]);
    const overflow = op("add", literal(2n ** 63n - 1n), literal(1n));
    await expect(where(t, equal(overflow, literal(0n)))).rejects.toThrow(/out of range for Int64/);
    const division = op("div", literal(1n), literal(0n));
    await expect(where(t, equal(division, literal(0n)))).rejects.toThrow(/Cannot divide 1 by zero/);
  },
  "a condition that is no boolean is refused by and, or and not": async (t) => {
    await insertValues(t, [1]);
    for (const name of ["and", "or", "not"]) {
      await expect(where(t, op(name, literal(1)))).rejects.toThrow(/Cannot use value 1.0/);
    }
  },
  "a filter reaches into nested fields": async (t) => {
    await insertAll(t, [{ value: 1, a: { b: { c: 7 } } }, { value: 2, a: { b: 7 } }, { value: 3 }]);
    const found = await list(t, { where: equal(field("a.b.c"), literal(7)) });
    expect(found.map(valueOf)).toEqual([1]);
  },
  "a filter sees _id and _creationTime": async (t) => {
    const [, second] = await insertValues(t, [1, 2]);
    expect(await where(t, equal(field("_id"), literal(second)))).toEqual([2]);
    expect(await where(t, op("gt", field("_creationTime"), literal(0)))).toEqual([1, 2]);
  },
  "a filter after an index range keeps the index's order": async (t) => {
    await insertValues(t, [4, 2, 3, 1]);
    const condition = op("neq", value, literal(2));
    const found = await values(t, {
      index: "by_value",
      range: [["gt", "value", 1]],
      where: condition,
      order: "desc",
    });
    expect(found).toEqual([4, 3]);
  },
});
