import { randomUUID } from "node:crypto";

import { expect } from "vitest";

import { clause } from "../behaviour.ts";

export const isolation = clause("Isolation", {
  "what a call adds to the globals and to Object.prototype the next does not see": async (t) => {
    await t.mutation("isolation:pollute", { text: randomUUID() });
    expect(await t.mutation("isolation:polluted")).toEqual([null, null]);
  },
  "a module's variables do not outlive a call": async (t) => {
    await t.mutation("isolation:remember", { text: randomUUID() });
    expect(await t.mutation("isolation:remembered")).toBeNull();
  },
});
