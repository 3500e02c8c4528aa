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

/** What a table does not say, by the clause's title. */
const NOTES: Readonly<Record<string, string>> = {
  Isolation: `
Convex keeps its isolates from call to call, but gives each query and mutation, each nested one and each action of its own runtime a fresh context in which the modules are evaluated anew (\`get_or_create_fresh_context\` in the open backend, 94a42c3). A module's variable never outlives a call there, unless the module exports \`experimental_reuseContext = true\`; then it may. Actions of the Node.js runtime share a process between calls, and their variables may outlive calls.

The embedded backend evaluates modules once for each version of the code, component and depth of nesting, and for actions once in each thread; what queries and mutations change of globals and builtins is taken back. It is as loose as Convex is with \`experimental_reuseContext\`: a function that counts on a variable being kept may work here and never works there; one that counts on finding its modules' variables as they were evaluated works there and fails here.

Closing the gap is not cheap. With the functions of \`tests/fixtures/catalogue\`, evaluating the modules again takes about 0.9 ms of processor time a call, and a fresh context with its modules about 6 ms; a whole read of one document that is in no cache, the HTTP request included, takes 0.25 to 0.4 ms (\`docs/benchmarks.md\`).
`,
};

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
  const behaviourTable = table(["behaviour", "embedded", "convex-test"], rows);
  return [`\n## ${title}\n`, behaviourTable, NOTES[title] ?? ""];
}

function verdict(gaps: Gaps, name: string): string {
  const reason = gaps[name];
  return reason === undefined ? "✓" : `✗ ${reason}`;
}
