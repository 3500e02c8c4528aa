import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { beforeEach, expect, test } from "vitest";

import { temporaryFolder } from "../storage/test-folder.ts";
import type { ConvertedModule } from "./convert-module.ts";
import { openConversionFile } from "./conversion-file.ts";

let folder: string;

beforeEach(() => void (folder = temporaryFolder()));

function converted(path: string): ConvertedModule {
  return { path, environment: "isolate", sha256: "00", code: `// ${path} ü`, sourceMap: null };
}

function onlyFile(): string {
  const [name, ...others] = readdirSync(folder);
  expect(others).toEqual([]);
  return join(folder, name!);
}

test("what was written is read by the next process, as of the last write", async () => {
  const file = openConversionFile(folder);
  file.write([converted("a.js")]);
  file.write([converted("a.js"), converted("b.js")]);
  await file.settled();
  expect(openConversionFile(folder).read()).toEqual([converted("a.js"), converted("b.js")]);
});

test("a folder without the file, or that takes none, has no conversions, and nothing fails", async () => {
  rmSync(folder, { recursive: true });
  const file = openConversionFile(folder);
  file.write([converted("a.js")]);
  await file.settled();
  expect(file.read()).toEqual([]);
});

test.each([
  ["torn", (text: string) => text.slice(0, -1)],
  ["changed", (text: string) => text.replace("// a.js", "// b.js")],
  ["of another converter", (text: string) => text.replace(/^esbuild \S+/, "esbuild 0.0.1")],
  ["empty", () => ""],
])("a file that is %s is as good as absent", async (_name, damage) => {
  const file = openConversionFile(folder);
  file.write([converted("a.js")]);
  await file.settled();
  const path = onlyFile();
  writeFileSync(path, damage(readFileSync(path, "utf8")));
  expect(openConversionFile(folder).read()).toEqual([]);
});
