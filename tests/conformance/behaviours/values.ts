import type { Value } from "convex/values";
import { expect } from "vitest";

import { clause } from "../behaviour.ts";
import { content, insert } from "../documents.ts";
import type { Driver } from "../driver.ts";

const bytes = (...of: number[]) => new Uint8Array(of).buffer;

/** A value comes back alike from a query's arguments, a mutation's, an action's and a document. */
async function expectKept(t: Driver, value: Value): Promise<void> {
  expect(await t.query("calls:echo", { value })).toStrictEqual(value);
  expect(await t.mutation("calls:echoFromMutation", { value })).toStrictEqual(value);
  expect(await t.action("calls:echoFromAction", { value })).toStrictEqual(value);
  const id = await insert(t, { value });
  expect(await content(t, id)).toStrictEqual({ value });
}

export const values = clause("Values", {
  "null, booleans, strings and numbers are kept": async (t) => {
    for (const value of [null, true, false, "", "text", 0, 1.5, -7, 2 ** 53]) {
      await expectKept(t, value);
    }
  },
  "64-bit integers are kept at both ends of their range": async (t) => {
    for (const value of [0n, 1n, -1n, 2n ** 63n - 1n, -(2n ** 63n)]) await expectKept(t, value);
  },
  "an integer of more than 64 bits is refused": async (t) => {
    await expect((async () => await insert(t, { value: 2n ** 63n }))()).rejects.toThrow();
  },
  "a 64-bit integer and a float of the same size are different": async (t) => {
    expect(await t.query("calls:echo", { value: 1n })).toBe(1n);
    expect(await t.query("calls:echo", { value: 1 })).toBe(1);
  },
  "bytes are kept": async (t) => {
    await expectKept(t, bytes());
    await expectKept(t, bytes(0, 1, 127, 128, 255));
  },
  "NaN, the infinities and −0 are kept": async (t) => {
    for (const value of [NaN, Infinity, -Infinity, -0]) await expectKept(t, value);
  },
  "the smallest and the largest float are kept": async (t) => {
    for (const value of [Number.MIN_VALUE, Number.MAX_VALUE, Number.EPSILON]) {
      await expectKept(t, value);
    }
  },
  "characters beyond the basic plane and control characters in texts are kept": async (t) => {
    for (const value of ["😀", "a\u0000b", "é\n\t\u2028", "\uffff"]) await expectKept(t, value);
  },
  "arrays and objects are kept, nested and mixed": async (t) => {
    await expectKept(t, [[], {}, [1n, [null, { deep: [bytes(1), -0] }]]]);
    await expectKept(t, { a: { b: { c: [1, 2n, "three", { d: NaN }] } }, empty: {} });
  },
  "a field name outside ASCII or with a control character is refused": async (t) => {
    for (const value of [{ größe: 1 }, { "a\nb": 1 }]) {
      await expect((async () => await t.query("calls:echo", { value }))()).rejects.toThrow(/ASCII/);
    }
  },
  "a field name that starts with a dollar sign is refused": async (t) => {
    await expect((async () => await insert(t, { value: { $money: 1 } }))()).rejects.toThrow(/\$/);
  },
  "a field of a document that starts with an underscore is refused": async (t) => {
    await expect(insert(t, { _secret: 1 })).rejects.toThrow(/_secret/);
  },
  "a function that returns undefined returns null": async (t) => {
    expect(await t.query("calls:returnsUndefined")).toBeNull();
  },
  "a returned field that is undefined is left out": async (t) => {
    expect(await t.query("calls:returnsUndefinedField")).toStrictEqual({ kept: 1 });
  },
  "a document is an object": async (t) => {
    for (const value of [[1], "text", null, 7]) await expect(insert(t, value)).rejects.toThrow();
  },
  "a document of more than a mebibyte is refused": async (t) => {
    await insert(t, { value: "x".repeat(2 ** 20 - 200) });
    await expect(insert(t, { value: "x".repeat(2 ** 20) })).rejects.toThrow(/too large/i);
  },
  "an array of more than 8192 elements is refused": async (t) => {
    await insert(t, { value: Array.from({ length: 8192 }, () => 0) });
    const value = Array.from({ length: 8193 }, () => 0);
    await expect(insert(t, { value })).rejects.toThrow(/8192|too long|length/i);
  },
  "an object of more than 1024 fields is refused": async (t) => {
    const object = (size: number) =>
      Object.fromEntries(Array.from({ length: size }, (_, index) => [`f${index}`, 0]));
    await insert(t, { value: object(1024) });
    await expect(insert(t, { value: object(1025) })).rejects.toThrow(/1024|too many fields/i);
  },
});
