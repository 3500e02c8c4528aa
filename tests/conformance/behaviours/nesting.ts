import type { Value } from "convex/values";
import { ConvexError } from "convex/values";
import { expect } from "vitest";

import { clause } from "../behaviour.ts";
import { list } from "../documents.ts";
import type { Driver } from "../driver.ts";

const count = (t: Driver) => t.query("calls:count", { name: "n" });

/** What a call that must fail with a ConvexError carries. */
async function dataOf(call: Promise<unknown>): Promise<Value> {
  const error: unknown = await call.then(
    () => "no error",
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ConvexError);
  return (error as ConvexError<Value>).data;
}

export const nesting = clause("Calls between functions, and errors", {
  "a mutation's nested mutations and queries share its transaction": async (t) => {
    expect(await t.mutation("calls:addAndCount", { name: "n" })).toBe(7);
    expect(await count(t)).toBe(7);
  },
  "a nested mutation's failure that is caught takes back only its own writes": async (t) => {
    expect(await t.mutation("calls:catchFailure", { name: "n" })).toEqual({
      caught: "not a ConvexError",
      count: 11,
    });
    expect(await count(t)).toBe(11);
  },
  "a nested mutation's failure that is not caught takes back everything": async (t) => {
    await expect(t.mutation("calls:letFailureThrough", { name: "n" })).rejects.toThrow(
      /failed on purpose/,
    );
    expect(await count(t)).toBe(0);
  },
  "a nested mutation's ConvexError arrives with its data": async (t) => {
    const data = { code: "STOP", amounts: [5, null] };
    expect(await t.mutation("calls:catchFailure", { name: "n", data })).toEqual({
      caught: { data },
      count: 11,
    });
  },
  "a nested mutation's ConvexError may carry 64-bit integers and bytes": async (t) => {
    const data = { amount: 5n, bytes: new Uint8Array([7]).buffer };
    expect(await t.mutation("calls:catchFailure", { name: "n", data })).toMatchObject({
      caught: { data },
    });
  },
  "a nested call's arguments are checked": async (t) => {
    await expect(t.mutation("calls:nestedWithWrongArguments")).rejects.toThrow(
      /validator|Validation/i,
    );
  },
  "a nested call of an unknown function fails": async (t) => {
    await expect(t.mutation("calls:callMissing")).rejects.toThrow(/absent/);
  },
  "a query may call a query": async (t) => {
    await t.mutation("calls:add", { name: "n", amount: 1 });
    expect(await t.query("calls:queryCallsQuery", { name: "n" })).toBe(1001);
  },
  "each mutation that an action calls is a transaction of its own": async (t) => {
    await expect(t.action("calls:addTwiceThenFail", { name: "n" })).rejects.toThrow(
      /the action failed/,
    );
    expect(await count(t)).toBe(3);
  },
  "an action's queries see what its mutations wrote": async (t) => {
    expect(await t.action("calls:actionSeesItsWrites", { name: "n" })).toEqual([0, 5]);
  },
  "a mutation that fails within an action is taken back and its data arrives": async (t) => {
    expect(await t.action("calls:actionCatchesFailure", { name: "n" })).toEqual({
      data: { code: 7 },
      count: 0,
    });
  },
  "an action may call an action": async (t) => {
    expect(await t.action("calls:actionCallsAction", { value: { a: 1n } })).toEqual({ a: 1n });
  },
  "a ConvexError carries its data to the client from every type of function": async (t) => {
    const data = { code: "OUT_OF_STOCK", left: 2n, list: [null, -0] };
    expect(await dataOf(t.query("calls:throwData", { data }))).toStrictEqual(data);
    expect(await dataOf(t.mutation("calls:throwDataFromMutation", { data }))).toStrictEqual(data);
    expect(await dataOf(t.action("calls:throwDataFromAction", { data }))).toStrictEqual(data);
  },
  "a ConvexError's data may be a text, a number or null": async (t) => {
    for (const data of ["text", 0, null]) {
      expect(await dataOf(t.query("calls:throwData", { data }))).toBe(data);
    }
  },
  "a mutation that throws a ConvexError leaves nothing behind": async (t) => {
    await dataOf(t.mutation("calls:throwDataFromMutation", { data: 1 }));
    expect(await list(t)).toEqual([]);
  },
  "another error is no ConvexError and keeps its message": async (t) => {
    const call = t.query("calls:throwError");
    await expect(call).rejects.toThrow(/a plain mistake/);
    await expect(call).rejects.not.toBeInstanceOf(ConvexError);
  },
});
