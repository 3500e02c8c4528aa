import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

interface Requirement {
  readonly id: string;
  readonly files: readonly string[];
  readonly status: string;
}

const requirements = readTable(readFileSync("docs/requirements.md", "utf8"));
const testedIds = collectTestedIds();

test("SYS-7: the table of requirements is complete and uses the three statuses", () => {
  expect(requirements.length).toBe(54);
  expect(requirements.filter(({ status }) => !/^(done|partly|planned)$/.test(status))).toEqual([]);
});

test("a requirement that is done or partly done is in the name of a test", () => {
  const untested = requirements.filter(
    ({ id, status }) => status !== "planned" && !testedIds.has(id),
  );
  expect(untested).toEqual([]);
});

test("a requirement that is done or partly done names files that exist", () => {
  const homeless = requirements.filter(
    ({ files, status }) =>
      status !== "planned" && (files.length === 0 || !files.every((file) => existsSync(file))),
  );
  expect(homeless).toEqual([]);
});

function readTable(markdown: string): Requirement[] {
  return markdown
    .split("\n")
    .filter((line) => /^\| [A-Z]{3}-\d+ /.test(line))
    .map((line) => {
      const cells = line.split("|").map((cell) => cell.trim());
      return {
        id: cells[1] ?? "",
        files: [...(cells[4] ?? "").matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? ""),
        status: cells[5] ?? "",
      };
    });
}

function collectTestedIds(): Set<string> {
  const ids = new Set<string>();
  for (const root of ["app", "convex", "embedded", "server", "standins", "scripts", "tests"]) {
    for (const path of listTests(root)) {
      for (const match of readFileSync(path, "utf8").matchAll(
        /\btest(?:\.each\([^)]*\))?\(\s*[`"']([^`"']*)/g,
      )) {
        for (const id of (match[1] ?? "").match(/[A-Z]{3}-\d+/g) ?? []) ids.add(id);
      }
    }
  }
  return ids;
}

function listTests(path: string): string[] {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return [];
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    const child = join(path, entry.name);
    if (entry.isDirectory()) return entry.name === "node_modules" ? [] : listTests(child);
    return /\.(test|spec)\.tsx?$/.test(entry.name) ? [child] : [];
  });
}
