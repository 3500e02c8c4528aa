import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

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
