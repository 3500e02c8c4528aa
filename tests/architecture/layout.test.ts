import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, extname, join } from "node:path";

import { expect, test } from "vitest";

/** Longest file in lines, by folder; the first pattern that matches counts. */
const SIZE_LIMITS: readonly (readonly [RegExp, number])[] = [
  [/\.test\.tsx?$|^tests\//, 600],
  [/^app\/routes\//, 250],
  [/^app\//, 300],
  [/^convex\/domain\//, 300],
  [/^convex\/model\//, 400],
  [/^convex\//, 300],
  [/^embedded\//, 600],
  [/^server\//, 400],
  [/^(standins|scripts)\//, 500],
];

const FORBIDDEN_NAMES = /^(utils?|helpers?|misc|common|manager)(\.|$)/;
const KEBAB_CASE = /^[a-z0-9$_]+([-.+][a-z0-9$_]+)*\+?$/;
const CAMEL_CASE = /^_?[a-z][a-zA-Z0-9]*$/;

const ROOTS = ["app", "convex", "embedded", "server", "standins", "scripts", "tests"];
const files = ROOTS.flatMap((root) => listFiles(root)).filter(
  (path) =>
    /\.(ts|tsx|mjs)$/.test(path) && !path.includes("_generated") && !path.includes("fixtures/"),
);

test("no file is longer than its folder allows", () => {
  const tooLong = files.flatMap((path) => {
    const lines = readFileSync(path, "utf8").split("\n").length - 1;
    const limit = SIZE_LIMITS.find(([pattern]) => pattern.test(path))?.[1] ?? 600;
    return lines > limit
      ? [`${path}: ${String(lines)} lines, at most ${String(limit)}: split it by noun`]
      : [];
  });
  expect(tooLong).toEqual([]);
});

test("file and folder names say a noun, never a drawer", () => {
  const drawers = files.filter((path) =>
    path.split("/").some((part) => FORBIDDEN_NAMES.test(part)),
  );
  expect(drawers).toEqual([]);
});

test("file names are kebab-case, in convex camelCase because the backend rejects hyphens", () => {
  const misnamed = files.filter((path) => {
    if (path.startsWith("app/routes/")) return false;
    const name = basename(path, extname(path));
    return path.startsWith("convex/")
      ? !name.split(".").every((part) => CAMEL_CASE.test(part))
      : !KEBAB_CASE.test(name);
  });
  expect(misnamed).toEqual([]);
});

test("no file only re-exports others", () => {
  const barrels = files.filter((path) => {
    const code = readFileSync(path, "utf8")
      .split("\n")
      .filter((line) => line.trim() !== "" && !/^\s*(\/\/|\/?\*)/.test(line));
    return code.length > 0 && code.every((line) => /^export (\*|\{.*\}) from /.test(line));
  });
  expect(barrels).toEqual([]);
});

function listFiles(path: string): string[] {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return [];
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    const child = join(path, entry.name);
    return entry.isDirectory() ? listFiles(child) : [child];
  });
}
