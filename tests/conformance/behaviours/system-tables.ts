import { expect } from "vitest";

import { clause } from "../behaviour.ts";
import type { Driver } from "../driver.ts";

const reach = async (t: Driver) =>
  (await t.mutation("systemTables:reach")) as Record<string, unknown>;

const SYSTEM_ONLY = /System tables can only be accessed (with|from) db\.system/;
const USER_ONLY = /User tables (cannot be accessed with db\.system|can only be accessed from db)/;

export const systemTables = clause("System tables", {
  "db.system finds a document by its id, with its table or without": async (t) => {
    expect(await reach(t)).toMatchObject({ byId: true, byTable: true });
  },
  "db.system tells the ids of its tables apart": async (t) => {
    expect(await reach(t)).toMatchObject({ normalized: [true, null] });
  },
  "system tables are read through db.system only": async (t) => {
    const { asUser, queriedAsUser } = await reach(t);
    expect(asUser).toMatch(SYSTEM_ONLY);
    expect(queriedAsUser).toMatch(SYSTEM_ONLY);
  },
  "other tables are not read through db.system": async (t) => {
    const { userAsSystem, userQueriedAsSystem } = await reach(t);
    expect(userAsSystem).toMatch(USER_ONLY);
    expect(userQueriedAsSystem).toMatch(USER_ONLY);
  },
  "system tables cannot be written": async (t) => {
    const { patched, deleted, inserted } = await reach(t);
    for (const outcome of [patched, deleted, inserted]) expect(outcome).not.toBe("done");
    expect(await t.query("jobs:names")).not.toContain("x");
  },
  "db.system has jobs and files, and none of the deployment's own tables": async (t) => {
    const outcomes = ["_scheduled_functions", "_storage", "_modules", "_tables"].map((table) =>
      t.mutation("systemTables:read", { table }),
    );
    expect(await Promise.all(outcomes)).toEqual([
      "done",
      "done",
      expect.stringContaining("_modules"),
      expect.stringContaining("_tables"),
    ]);
  },
});
