import { expect } from "vitest";

import { clause } from "../behaviour.ts";
import { insert, list } from "../documents.ts";
import type { Args, Driver } from "../driver.ts";

async function expectRefused(t: Driver, ...wrong: Args[]): Promise<void> {
  for (const args of wrong) {
    await expect(t.query("calls:typedArguments", args)).rejects.toThrow(/validator|Validation/i);
  }
}

export const validation = clause("Arguments, results and visibility", {
  "arguments that match are passed on": async (t) => {
    const args = {
      text: "t",
      amount: 1.5,
      big: 7n,
      data: new Uint8Array([1]).buffer,
      kind: "b",
      list: [1, 2],
      record: { yes: true },
      nested: { inner: null },
    };
    expect(await t.query("calls:typedArguments", args)).toStrictEqual(args);
    expect(await t.query("calls:typedArguments", { text: "" })).toStrictEqual({ text: "" });
  },
  "a missing argument is refused": (t) => expectRefused(t, {}, { amount: 1 }),
  "an argument of another type is refused": (t) =>
    expectRefused(
      t,
      { text: 1 },
      { text: "t", amount: 1n },
      { text: "t", big: 1 },
      { text: "t", kind: "c" },
      { text: "t", nested: {} },
    ),
  "an argument that nobody asked for is refused": (t) =>
    expectRefused(t, { text: "t", extra: 1 }, { text: "t", nested: { inner: null, other: 1 } }),
  "a wrong element deep within an argument is refused": (t) =>
    expectRefused(t, { text: "t", list: [1, "2"] }),
  "a wrong value of a record argument is refused": (t) =>
    expectRefused(t, { text: "t", record: { a: 1 } }),
  "an id argument must be of its table": async (t) => {
    const person = await insert(t, { name: "Ada" }, "people");
    expect(await t.query("calls:typedArguments", { text: "t", person })).toMatchObject({ person });
    const thing = await insert(t, { value: 1 });
    await expectRefused(t, { text: "t", person: thing }, { text: "t", person: "no id" });
  },
  "a function without validators takes any arguments": async (t) => {
    const args = { anything: [1n, { deep: null }] };
    expect(await t.query("calls:withoutValidators", args)).toStrictEqual(args);
  },
  "a result that matches is returned": async (t) => {
    expect(await t.query("calls:promisesText", { value: "text" })).toBe("text");
    expect(await t.query("calls:promisesObject", { value: { a: 1 } })).toEqual({ a: 1 });
  },
  "a result that does not match is refused": async (t) => {
    const wrong = /validator|Validation/i;
    await expect(t.query("calls:promisesText", { value: 7 })).rejects.toThrow(wrong);
    await expect(t.query("calls:promisesObject", { value: {} })).rejects.toThrow(wrong);
    await expect(t.query("calls:promisesObject", { value: { a: 1, extra: 2 } })).rejects.toThrow(
      wrong,
    );
  },
  "a mutation whose result is refused leaves nothing behind": async (t) => {
    await expect(t.mutation("calls:writeThenReturnWrong")).rejects.toThrow(/validator|Validation/i);
    expect(await list(t)).toEqual([]);
  },
  "an unknown function is refused": async (t) => {
    await expect(t.query("calls:absent")).rejects.toThrow(/calls:absent|absent/);
    await expect(t.mutation("nowhere:absent")).rejects.toThrow(/nowhere/);
  },
  "an export that is no function is refused": async (t) => {
    await expect(t.query("calls:notAFunction")).rejects.toThrow();
  },
  "internal functions are refused to clients as if they were not there": async (t) => {
    const refused = /Could not find public function/;
    await expect(t.query("calls:hiddenQuery")).rejects.toThrow(refused);
    await expect(t.mutation("calls:hiddenMutation")).rejects.toThrow(refused);
    await expect(t.action("calls:hiddenAction")).rejects.toThrow(refused);
  },
  "internal functions can be called by functions": async (t) => {
    expect(await t.query("calls:callHiddenFromQuery")).toBe("hidden");
    expect(await t.action("calls:callHiddenFromAction")).toBe("hidden");
  },
  "a function is refused when it is called as another type": async (t) => {
    await expect(t.query("calls:echoFromMutation", { value: 1 })).rejects.toThrow();
    await expect(t.mutation("calls:echo", { value: 1 })).rejects.toThrow();
    await expect(t.action("calls:echo", { value: 1 })).rejects.toThrow();
  },
});
