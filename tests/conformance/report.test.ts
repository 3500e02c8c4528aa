import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

import { parseResults } from "../facade/outside-results.ts";
import { OUTSIDE_SUITES } from "../facade/outside-suites.ts";
import { PACKAGE_SUITES } from "../facade/package-suites.ts";
import { clauses } from "./clauses.ts";
import { renderReport } from "./report.ts";

const PATH = fileURLToPath(new URL("../../docs/conformance.md", import.meta.url));

test("docs/conformance.md says what the suite checks", async () => {
  await expect(await renderReport(PATH)).toMatchFileSnapshot(PATH);
});

test("no two behaviours have the same sentence", () => {
  const names = clauses.flatMap(({ behaviours }) => behaviours.map(({ name }) => name));
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});

test("the packages' suites are counted in the versions that are installed", () => {
  for (const [name, { version }] of Object.entries(PACKAGE_SUITES)) {
    const path = new URL(`../../node_modules/${name}/package.json`, import.meta.url);
    const installed = JSON.parse(readFileSync(path, "utf8")) as { readonly version: string };
    expect(`${name}@${installed.version}`).toBe(`${name}@${version}`);
  }
});

test("every reason for a failing test of another project names one that failed", () => {
  for (const { project, failed } of parseResults()) {
    expect(Object.keys(OUTSIDE_SUITES[project]?.gaps ?? {}).sort()).toEqual([...failed].sort());
  }
});
