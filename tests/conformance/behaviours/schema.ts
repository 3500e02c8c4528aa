import type { Value } from "convex/values";
import { expect } from "vitest";

import { clause } from "../behaviour.ts";
import { content, insert } from "../documents.ts";
import type { Driver } from "../driver.ts";

const person = (t: Driver, value: Value) => insert(t, value, "people");

async function expectRefused(t: Driver, ...wrong: Value[]): Promise<void> {
  for (const value of wrong) await expect(person(t, value)).rejects.toThrow(/validator|schema/i);
}

export const schema = clause("Schema validation", {
  "a document that matches is accepted, optional fields or not": async (t) => {
    expect(await content(t, await person(t, { name: "Ada" }))).toEqual({ name: "Ada" });
    const full = {
      name: "Grace",
      age: 85,
      role: "writer",
      tags: ["navy"],
      address: { city: "Arlington" },
      scores: { cobol: 10 },
      visits: 3n,
      motto: null,
    };
    expect(await content(t, await person(t, full))).toEqual(full);
  },
  "a missing field is refused": (t) => expectRefused(t, {}, { age: 3 }),
  "a field of another type is refused": (t) =>
    expectRefused(t, { name: 7 }, { name: "A", age: "old" }, { name: null }),
  "a field that the schema does not have is refused": (t) =>
    expectRefused(t, { name: "A", extra: 1 }, { name: "A", address: { city: "B", zip: 1 } }),
  "null is not a missing field": (t) => expectRefused(t, { name: "A", age: null }),
  "a float is no int64, an int64 no number": (t) =>
    expectRefused(t, { name: "A", visits: 3 }, { name: "A", age: 3n }),
  "a literal outside the union is refused": (t) => expectRefused(t, { name: "A", role: "king" }),
  "a wrong element of an array is refused": (t) => expectRefused(t, { name: "A", tags: ["a", 1] }),
  "a wrong value of a record is refused": (t) =>
    expectRefused(t, { name: "A", scores: { a: 1, b: "2" } }),
  "an id of another table is refused, one of a deleted document is not": async (t) => {
    const thing = await insert(t, { value: 1 });
    await expectRefused(t, { name: "A", friend: thing }, { name: "A", friend: "no id" });
    const friend = await person(t, { name: "Gone" });
    await t.mutation("documents:remove", { id: friend });
    expect(await content(t, await person(t, { name: "A", friend }))).toEqual({ name: "A", friend });
  },
  "a patch is checked with the fields that stay": async (t) => {
    const id = await person(t, { name: "Ada", age: 36 });
    const patch = (value: Value, ...unset: string[]) =>
      t.mutation("documents:patch", { id, value, unset });
    await expect(patch({ age: "old" })).rejects.toThrow(/validator|schema/i);
    await expect(patch({}, "name")).rejects.toThrow(/validator|schema/i);
    await patch({}, "age");
    expect(await content(t, id)).toEqual({ name: "Ada" });
  },
  "a replacement is checked": async (t) => {
    const id = await person(t, { name: "Ada" });
    await expect(t.mutation("documents:replace", { id, value: { age: 3 } })).rejects.toThrow(
      /validator|schema/i,
    );
    expect(await content(t, id)).toEqual({ name: "Ada" });
  },
  "a table that the schema does not have takes any document": async (t) => {
    const value = { anything: [1n, null] };
    expect(await content(t, await insert(t, value, "unlisted"))).toEqual(value);
  },
});
