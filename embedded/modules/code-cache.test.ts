import { expect, onTestFinished, test } from "vitest";

import { openDatabase } from "../database/open-database.ts";
import type { EngineDatabase } from "../database/types.ts";
import { temporaryFolder } from "../storage/test-folder.ts";
import { CodeCache, type CodeSnapshot } from "./code-cache.ts";
import { PLAIN_APP_MOUNT } from "./component-tree.ts";
import type { ConversionFile } from "./conversion-file.ts";
import type { ConvertedModule } from "./convert-module.ts";
import { moduleHash, replaceModules, type PushedModule } from "./module-store.ts";
import { MODULE_SYSTEM_TABLES } from "./module-tables.ts";

async function start(): Promise<EngineDatabase> {
  const database = await openDatabase({
    folder: temporaryFolder(),
    systemTables: MODULE_SYSTEM_TABLES,
  });
  onTestFinished(() => database.close());
  return database;
}

function push(database: EngineDatabase, ...modules: readonly PushedModule[]): void {
  const transaction = database.begin();
  const analysisJson = JSON.stringify({ functions: [], httpRoutes: null });
  const pushed = modules.map((module) => ({ module, analysisJson }));
  replaceModules(transaction, [{ mount: PLAIN_APP_MOUNT, modules: pushed }], 1_000);
  database.commit(transaction);
}

function moduleOf(path: string, source: string): PushedModule {
  return { path, source, environment: "isolate" };
}

/** A file that remembers what it was last given. */
function memoryFile(): ConversionFile & { modules: readonly ConvertedModule[]; writes: number } {
  return {
    modules: [],
    writes: 0,
    read() {
      return this.modules;
    },
    write(modules) {
      this.modules = structuredClone(modules);
      this.writes += 1;
    },
    settled: () => Promise.resolve(),
  };
}

function codeOf(snapshot: CodeSnapshot | null, path: string): string | undefined {
  return snapshot?.module("", path)?.code;
}

test("a later process takes conversions from the file, and writes it only when they changed", async () => {
  const database = await start();
  const [a, b] = [moduleOf("a.js", "export const a = 1;"), moduleOf("b.js", "export default 2;")];
  push(database, a, b);
  const file = memoryFile();
  const first = await new CodeCache(file).load(database.begin());
  expect(file.modules.map(({ path }) => path)).toEqual(["a.js", "b.js"]);

  const marked = file.modules.map((module) => ({ ...module, code: `${module.code} // kept` }));
  file.modules = marked;
  const again = await new CodeCache(file).load(database.begin());
  expect(codeOf(again, "a.js")).toBe(`${codeOf(first, "a.js")} // kept`);
  expect(file.writes).toBe(1);

  push(database, a, moduleOf("b.js", "export default 3;"));
  const changed = await new CodeCache(file).load(database.begin());
  expect(codeOf(changed, "a.js")).toMatch(/kept$/);
  expect(codeOf(changed, "b.js")).toContain("= 3");
  expect(file.modules.map(({ code }) => code)).toEqual([
    codeOf(changed, "a.js"),
    codeOf(changed, "b.js"),
  ]);
});

test("modules of a file that are not deployed any more are forgotten, there and in memory", async () => {
  const database = await start();
  const [old, current] = [moduleOf("old.js", "export {};"), moduleOf("now.js", "export {};")];
  const file = memoryFile();
  push(database, old);
  await new CodeCache(file).load(database.begin());
  file.modules = file.modules.map((module) => ({ ...module, code: "// from the file" }));
  push(database, current);
  const cache = new CodeCache(file);
  await cache.load(database.begin());
  expect(file.modules.map(({ path }) => path)).toEqual(["now.js"]);
  expect((await cache.convert(old, moduleHash(old))).code).not.toBe("// from the file");
});

test("pushes that were analysed and never came into force do not pile up", async () => {
  const cache = new CodeCache();
  const pushes = ["a", "b", "c"].map((name) =>
    moduleOf(`${name}.js`, `export const ${name} = "${name.repeat(12_000_000)}";`),
  );
  const [first, second, third] = pushes.map((module) => [module, moduleHash(module)] as const);
  const converting = cache.convert(...first!);
  await converting;
  expect(cache.convert(...first!)).toBe(converting);
  await cache.convert(...second!);
  const last = cache.convert(...third!);
  await last;
  expect(cache.convert(...third!)).toBe(last);
  expect(cache.convert(...first!)).not.toBe(converting);
}, 60_000);
