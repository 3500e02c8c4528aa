import { Script } from "node:vm";

import { expect, test } from "vitest";

import { loadEntryScript } from "./entry-script.ts";

test("every entry is a script by itself", () => {
  for (const name of ["realm-entry", "action-worker"] as const) {
    expect(() => new Script(loadEntryScript(name))).not.toThrow();
  }
  expect(loadEntryScript("realm-entry")).toContain("var realmEntry");
});

test("the realm's entry needs nothing from outside", () => {
  expect(loadEntryScript("realm-entry")).not.toMatch(/\brequire\(["']/);
});
