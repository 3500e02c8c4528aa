import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { hashSources, hashSourcesOnce } from "./source-hash.mjs";

let folder: string;
let memo: string;
let sources: readonly string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "vitrine-hash-"));
  mkdirSync(join(folder, "code"));
  memo = join(folder, "memo.json");
  sources = [join(folder, "code")];
  write("a.ts", "export const a = 1;");
  write("b.ts", "export const b = 1;");
});

afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true });
});

function write(name: string, text: string): void {
  writeFileSync(join(folder, "code", name), text);
}

/** Remembers the sources under a hash that only a memo can have. */
function remember(): void {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 60_000 });
  hashSourcesOnce(sources, memo);
  const remembered = JSON.parse(readFileSync(memo, "utf8")) as object;
  writeFileSync(memo, JSON.stringify({ ...remembered, hash: "remembered" }));
  expect(hashSourcesOnce(sources, memo)).toBe("remembered");
}

test("the hash follows names and contents, and tests are no sources", () => {
  const before = hashSources(sources);
  write("a.test.ts", "test();");
  expect(hashSources(sources)).toBe(before);
  write("a.ts", "export const a = 2;");
  expect(hashSources(sources)).not.toBe(before);
});

test("sources that nobody touched are not read again", () => {
  const expected = hashSources(sources);
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 60_000 });
  expect(hashSourcesOnce(sources, memo)).toBe(expected);
  vi.useRealTimers();
  remember();
});

test.each([
  ["a changed file", () => write("a.ts", "export const a = 2;")],
  ["a new file", () => write("c.ts", "")],
  ["a file that is gone", () => rmSync(join(folder, "code", "b.ts"))],
])("%s is noticed", (_name, change) => {
  remember();
  change();
  expect(hashSourcesOnce(sources, memo)).toBe(hashSources(sources));
});

test("a file of the same length that was given its old time is noticed", () => {
  remember();
  const path = join(folder, "code", "a.ts");
  const { atime, mtime } = statSync(path);
  write("a.ts", "export const a = 2;");
  utimesSync(path, atime, mtime);
  expect(hashSourcesOnce(sources, memo)).toBe(hashSources(sources));
});

test("what was written a moment ago is not remembered: it may be written again in the same tick", () => {
  expect(hashSourcesOnce(sources, memo)).toBe(hashSources(sources));
  expect(existsSync(memo)).toBe(false);
});

test("a torn memo counts for nothing", () => {
  remember();
  writeFileSync(memo, '{"seen":"');
  expect(hashSourcesOnce(sources, memo)).toBe(hashSources(sources));
});
