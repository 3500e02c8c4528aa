import { expect, onTestFinished, test } from "vitest";

import { openDatabase } from "../database/open-database.ts";
import { temporaryFolder } from "../storage/test-folder.ts";
import { findComponent, listComponents, replaceComponents } from "./component-store.ts";
import { PLAIN_APP_MOUNT, type ComponentMount } from "./component-tree.ts";
import { MODULE_SYSTEM_TABLES } from "./module-tables.ts";

async function start() {
  const folder = temporaryFolder();
  const database = await openDatabase({ folder, systemTables: MODULE_SYSTEM_TABLES });
  onTestFinished(() => database.close());
  return {
    begin: () => database.begin(),
    replace: (...mounts: ComponentMount[]) => {
      const transaction = database.begin();
      const changes = replaceComponents(transaction, mounts);
      database.commit(transaction);
      return Object.fromEntries(changes);
    },
  };
}

const child = (componentPath: string, value = "1"): ComponentMount => ({
  componentPath,
  definitionPath: "lib",
  declared: new Map([["KEY", { validator: { type: "string" }, isOptional: false }]]),
  environment: new Map([["KEY", { type: "value", value }]]),
  httpPrefix: "/x/",
  httpMounts: new Map([["/y/", "z"]]),
});

test("a mount is read as it was written", async () => {
  const { begin, replace } = await start();
  replace(PLAIN_APP_MOUNT, child("a"));
  expect(findComponent(begin(), "a")).toMatchObject({ mount: child("a"), state: "active" });
  expect(findComponent(begin(), "b")).toBeNull();
});

test("what is no longer mounted is kept as unmounted and comes back under its id", async () => {
  const { begin, replace } = await start();
  expect(replace(PLAIN_APP_MOUNT, child("a"))).toEqual({ "": "create", a: "create" });
  const before = findComponent(begin(), "a");
  expect(replace(PLAIN_APP_MOUNT, child("a", "2"))).toEqual({ "": "modify", a: "modify" });
  expect(replace(PLAIN_APP_MOUNT)).toEqual({ "": "modify", a: "unmount" });
  expect(listComponents(begin()).map(({ mount, state }) => [mount.componentPath, state])).toEqual([
    ["", "active"],
    ["a", "unmounted"],
  ]);
  expect(replace(PLAIN_APP_MOUNT)).toEqual({ "": "modify" });
  expect(replace(PLAIN_APP_MOUNT, child("a"))).toEqual({ "": "modify", a: "remount" });
  expect(findComponent(begin(), "a")?.id).toBe(before?.id);
});
