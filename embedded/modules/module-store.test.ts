import { expect, onTestFinished, test } from "vitest";

import { openDatabase } from "../database/open-database.ts";
import type { EngineDatabase, Transaction } from "../database/types.ts";
import { temporaryFolder } from "../storage/test-folder.ts";
import { readVariable, readVariables, updateVariables } from "./environment-variables.ts";
import { PLAIN_APP_MOUNT } from "./component-tree.ts";
import {
  listModules,
  moduleHash,
  readDeployedCode,
  readModuleText,
  replaceModules,
  type PushedModule,
} from "./module-store.ts";
import { DEPLOYED_CODE, MODULE_SYSTEM_TABLES, MODULE_TEXTS } from "./module-tables.ts";
import { insertRow } from "./system-documents.ts";

async function start(): Promise<EngineDatabase> {
  const folder = temporaryFolder();
  const database = await openDatabase({ folder, systemTables: MODULE_SYSTEM_TABLES });
  onTestFinished(() => database.close());
  return database;
}

function write<T>(database: EngineDatabase, change: (transaction: Transaction) => T): T {
  const transaction = database.begin();
  const result = change(transaction);
  database.commit(transaction);
  return result;
}

function push(
  database: EngineDatabase,
  modules: readonly PushedModule[],
  analysisJson = "{}",
): void {
  const pushed = modules.map((module) => ({ module, analysisJson }));
  const components = [{ mount: PLAIN_APP_MOUNT, modules: pushed }];
  write(database, (transaction) => replaceModules(transaction, components, 1_000));
}

const isolate = (path: string, source: string, sourceMap?: string): PushedModule => ({
  path,
  source,
  sourceMap,
  environment: "isolate",
});

test("a push replaces modules as a whole and keeps what did not change", async () => {
  const database = await start();
  push(database, [isolate("a.js", "1"), isolate("b.js", "2"), isolate("c.js", "3", "{}")]);
  push(database, [isolate("b.js", "two"), isolate("c.js", "3", "{}")]);
  const transaction = database.begin();
  const modules = listModules(transaction, "");
  expect(modules.map(({ path }) => path)).toEqual(["b.js", "c.js"]);
  expect(modules.map((module) => readModuleText(transaction, module))).toEqual([
    { source: "two", sourceMap: null },
    { source: "3", sourceMap: "{}" },
  ]);
  expect(transaction.count("", MODULE_TEXTS)).toBe(2);
});

test("the version changes exactly when code, environment or analysis does", async () => {
  const database = await start();
  expect(readDeployedCode(database.begin())).toBeNull();
  const versions: string[] = [];
  const pushed = (modules: PushedModule[], analysisJson?: string) => {
    push(database, modules, analysisJson);
    versions.push(readDeployedCode(database.begin())!.version);
  };
  pushed([isolate("a.js", "1"), isolate("b.js", "2")]);
  pushed([isolate("b.js", "2"), isolate("a.js", "1")]);
  expect(versions[1]).toBe(versions[0]);
  pushed([isolate("a.js", "1"), isolate("b.js", "2", "{}")]);
  pushed([isolate("a.js", "1"), { ...isolate("b.js", "2", "{}"), environment: "node" }]);
  pushed([isolate("a.js", "1"), { ...isolate("b.js", "2", "{}"), environment: "node" }], "[]");
  expect(new Set(versions).size).toBe(4);
});

test("large modules are stored in parts and come back whole", async () => {
  const database = await start();
  const random = Array.from({ length: 3_000_000 }, () =>
    String.fromCharCode(32 + Math.random() * 90),
  );
  const source = random.join("");
  push(database, [isolate("big.js", source)]);
  const transaction = database.begin();
  expect(transaction.count("", MODULE_TEXTS)).toBeGreaterThan(1);
  const [module] = listModules(transaction, "");
  expect(readModuleText(transaction, module!).source === source).toBe(true);
});

test("source and source map cannot be mistaken for one another", () => {
  expect(moduleHash(isolate("a.js", "ab", "c"))).not.toBe(moduleHash(isolate("a.js", "a", "bc")));
});

test("environment variables are set, replaced and removed", async () => {
  const database = await start();
  write(database, (transaction) =>
    updateVariables(transaction, [
      { name: "A", value: "1" },
      { name: "B", value: "2" },
    ]),
  );
  write(database, (transaction) =>
    updateVariables(transaction, [
      { name: "A", value: "one" },
      { name: "B", value: null },
      { name: "C", value: null },
    ]),
  );
  expect([...readVariables(database.begin())]).toEqual([["A", "one"]]);
});

test("reading a variable depends on that variable alone, set or not", async () => {
  const database = await start();
  write(database, (transaction) => updateVariables(transaction, [{ name: "OTHER", value: "1" }]));
  const reader = database.begin();
  expect(readVariable(reader, "A")).toBeUndefined();
  write(database, (transaction) => updateVariables(transaction, [{ name: "OTHER", value: "2" }]));
  expect(database.isUnchanged(reader.readSet(), reader.snapshotTs)).toBe(true);
  write(database, (transaction) => updateVariables(transaction, [{ name: "A", value: "1" }]));
  expect(database.isUnchanged(reader.readSet(), reader.snapshotTs)).toBe(false);
});

test.each([
  [{ name: "1A", value: "x" }, "EnvironmentVariableNameInvalid"],
  [{ name: "A-B", value: "x" }, "EnvironmentVariableNameInvalid"],
  [{ name: "A".repeat(41), value: "x" }, "EnvironmentVariableNameTooLong"],
  [{ name: "CONVEX_SITE_URL", value: "x" }, "EnvVarNameForbidden"],
  [{ name: "A", value: "x".repeat(8193) }, "EnvironmentVariableValueTooLarge"],
])("the variable %j is refused", async (change, code) => {
  const database = await start();
  expect(() => updateVariables(database.begin(), [change])).toThrow(
    expect.objectContaining({ code }),
  );
});

test("code from before there were handles is read, and gets their key with the next push", async () => {
  const database = await start();
  write(database, (transaction) =>
    insertRow(transaction, DEPLOYED_CODE, { version: "old", importSeed: "", importTimeMs: 1 }),
  );
  expect(readDeployedCode(database.begin())).toMatchObject({ version: "old", handleKey: "" });
  push(database, [isolate("a.js", "1")]);
  const key = readDeployedCode(database.begin())?.handleKey;
  expect(key).toMatch(/^[0-9a-f]{32}$/);
  push(database, [isolate("a.js", "2")]);
  expect(readDeployedCode(database.begin())?.handleKey).toBe(key);
});
