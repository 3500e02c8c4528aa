/** `docs/conformance.md`: what was checked, what conforms, and why what does not. */
import { format, resolveConfig } from "prettier";

import { clauses } from "./clauses.ts";
import { CONVEX_TEST_GAPS, EMBEDDED_GAPS } from "./gaps.ts";
import { suitesSection } from "./report-suites.ts";
import { table } from "./report-table.ts";
import type { Gaps } from "./suite.ts";

const INTRODUCTION = `# Conformance

What every Convex deployment does, checked by one suite (\`tests/conformance\`) against the embedded backend, which is deployed to for real and called by the official \`ConvexHttpClient\`, and against [convex-test](https://github.com/get-convex/convex-test), the official imitation that unit tests of functions use. Where convex-test differs, a unit test proves less than it seems to.

A gap is expected to fail: when it starts to conform, the suite fails until the gap is taken out of \`tests/conformance/gaps.ts\`. This page is written by the suite: \`npx vitest run tests/conformance/report.test.ts -u\`.
`;

/** The page as it should be. `path` is where it is kept. */
export async function renderReport(path: string): Promise<string> {
  const parts = [INTRODUCTION, summary(), ...clauses.flatMap(clauseTable), ...suitesSection()];
  const options = (await resolveConfig(path)) ?? {};
  return await format(parts.join("\n"), { ...options, parser: "markdown" });
}

function summary(): string {
  const total = clauses.flatMap(({ behaviours }) => behaviours).length;
  const passing = (gaps: Gaps) => `${total - Object.keys(gaps).length} of ${total}`;
  return table(
    ["", "embedded", "convex-test"],
    [["behaviours that conform", passing(EMBEDDED_GAPS), passing(CONVEX_TEST_GAPS)]],
  );
}

function clauseTable({ title, behaviours }: (typeof clauses)[number]): string[] {
  const rows = behaviours.map(({ name }) => [
    name,
    verdict(EMBEDDED_GAPS, name),
    verdict(CONVEX_TEST_GAPS, name),
  ]);
  return [`\n## ${title}\n`, table(["behaviour", "embedded", "convex-test"], rows)];
}

function verdict(gaps: Gaps, name: string): string {
  const reason = gaps[name];
  return reason === undefined ? "✓" : `✗ ${reason}`;
}
