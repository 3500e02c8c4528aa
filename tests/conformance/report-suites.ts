/** What suites that others wrote for `convex-test` say of the engine. */
import { parseResults, type SuiteResult } from "../facade/outside-results.ts";
import { OUTSIDE_SUITES } from "../facade/outside-suites.ts";
import { PACKAGE_SUITES, type PackageSuite } from "../facade/package-suites.ts";
import { table } from "./report-table.ts";

const PACKAGES = `
## Suites of Convex's packages

Convex's own components ship the tests that they are developed with, written for \`convex-test\`. They run here against the engine, through a facade with the interface of \`convexTest\` (\`tests/facade\`): the tests' modules run in the test's process, so that they can be mocked and read its clock, while their database (a real one, in a temporary folder), transactions, validation, nesting, limits, files, search, scheduled functions and commits are the engine's. \`npx vitest run --project suites\` runs them, and so does \`npm test\`; left out is the one of a React hook whose backend is mocked. A test that is known to fail is expected to (\`tests/facade/package-suites.ts\`).
`;

const OTHERS = `
## Suites of other projects

The same facade runs suites from checkouts of other projects, which are not kept here: \`npm run suites -- DIR…\` after \`npm install\` in each of them. These are the results of the last run; what every failing test takes for granted is in \`tests/facade/outside-suites.ts\`. Of convex-helpers it is the server's part, \`server/\`.

Not run: \`@convex-dev/presence\` ships no tests; the client's own tests (convex-js) replace the server; the projects of the open backend's component-tests have their expectations in Rust (\`tests/fixtures/components\` and the conformance suite's components stand in for them), and its scenario-runner makes load and asserts nothing.
`;

export function suitesSection(): string[] {
  const results = parseResults();
  return [
    PACKAGES,
    table(["package", "tests", "passed"], Object.entries(PACKAGE_SUITES).map(packageRow)),
    "",
    table(["package", "failing test", "why"], Object.entries(PACKAGE_SUITES).flatMap(packageGaps)),
    OTHERS,
    table(["project", "commit", "tests", "passed"], results.map(projectRow)),
    "",
    table(["project", "failing tests", "why"], results.flatMap(projectGaps)),
  ];
}

function packageRow([name, { version, files }]: [string, PackageSuite]): string[] {
  const tests = sum(Object.values(files).map((file) => file.tests));
  const gaps = sum(Object.values(files).map((file) => Object.keys(file.gaps ?? {}).length));
  return [`${name}@${version}`, String(tests), String(tests - gaps)];
}

function packageGaps([name, { files }]: [string, PackageSuite]): string[][] {
  return Object.values(files).flatMap(({ gaps }) =>
    Object.entries(gaps ?? {}).map(([test, reason]) => [name, test, reason]),
  );
}

function projectRow({ project, repository, commit, tests, passed }: SuiteResult): string[] {
  return [`[${project}](${repository})`, commit.slice(0, 7), String(tests), String(passed)];
}

/** One row for each reason. @throws Error for a failing test that has none. */
function projectGaps({ project, failed }: SuiteResult): string[][] {
  const counts = new Map<string, number>();
  for (const test of failed) {
    const reason = OUTSIDE_SUITES[project]?.gaps[test];
    if (reason === undefined) throw new Error(`There is no reason why "${test}" fails.`);
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return [...counts].map(([reason, count]) => [project, String(count), reason]);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
