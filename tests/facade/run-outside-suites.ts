/**
 * `npm run suites -- DIR…`: runs suites that were written for `convex-test` and live in checkouts of
 * other projects against the engine, and writes down how many of their tests passed.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import type { Plugin } from "vite";
import { startVitest, type TestCase, type Vitest } from "vitest/node";

import { OUTSIDE_SUITES, type OutsideSuite } from "./outside-suites.ts";
import { parseResults, RESULTS_FILE, type SuiteResult } from "./outside-results.ts";

const FACADE = fileURLToPath(new URL("convex-test.ts", import.meta.url));

const folders = process.argv.slice(2);
if (folders.length === 0) {
  console.error("Usage: npm run suites -- DIR… (checkouts of the projects in outside-suites.ts)");
  process.exit(1);
}
const results = new Map(parseResults().map((result) => [result.project, result]));
for (const folder of folders) {
  const result = await runSuite(resolve(folder));
  results.set(result.project, result);
  console.log(
    `${result.project} ${result.commit.slice(0, 7)}: ${result.passed} of ${result.tests}`,
  );
}
const sorted = [...results.values()].sort((a, b) => (a.project < b.project ? -1 : 1));
writeFileSync(RESULTS_FILE, `${JSON.stringify(sorted, null, 2)}\n`);
process.exit(0);

async function runSuite(checkout: string): Promise<SuiteResult> {
  const { name } = JSON.parse(readFileSync(join(checkout, "package.json"), "utf8")) as {
    readonly name: string;
  };
  const suite = OUTSIDE_SUITES[name];
  if (suite === undefined) throw new Error(`${checkout} holds ${name}, which is not in the list.`);
  const commit = execFileSync("git", ["rev-parse", "HEAD"], { cwd: checkout, encoding: "utf8" });
  const vitest = await runVitest(join(checkout, suite.folder), suite);
  const cases = vitest.state
    .getTestModules()
    .flatMap((module) => [...module.children.allTests()].filter((test) => !isSkipped(test)));
  const failed = cases.filter((test) => test.result().state !== "passed");
  const broken = vitest.state.getTestModules().filter((module) => module.errors().length > 0);
  for (const test of failed) report(checkout, suite, test);
  for (const module of broken) {
    console.log(`✗ ${relative(checkout, module.moduleId)}: ${module.errors()[0]?.message ?? ""}`);
  }
  await vitest.close();
  return {
    project: name,
    repository: suite.repository,
    commit: commit.trim(),
    tests: cases.length,
    passed: cases.length - failed.length,
    failed: failed.map((test) => nameOf(checkout, test)).sort(),
  };
}

async function runVitest(root: string, suite: OutsideSuite): Promise<Vitest> {
  const vitest = await startVitest(
    "test",
    [],
    {
      root,
      config: false,
      watch: false,
      environment: "node",
      globals: true,
      testTimeout: 30_000,
      include: [...suite.include],
      reporters: [],
      server: { deps: { inline: [/@convex-dev/] } },
    },
    { plugins: [facadePlugin(root, suite)] },
  );
  process.exitCode = 0;
  return vitest;
}

/** The facade in place of `convex-test`; our copies of what both sides have to share. */
function facadePlugin(root: string, { replaces }: OutsideSuite): Plugin {
  return {
    name: "facade",
    enforce: "pre",
    async resolveId(id, importer, options) {
      if (id === "convex-test") return FACADE;
      if (/^(convex|vitest)(\/|$)/.test(id)) {
        return await this.resolve(id, FACADE, { ...options, skipSelf: true });
      }
      const found = await this.resolve(id, importer, { ...options, skipSelf: true });
      if (replaces !== undefined && found?.id === join(root, replaces)) return FACADE;
      const isFound = found !== null && !found.id.startsWith("__vite-optional-peer-dep");
      if (isFound || /^[./]/.test(id)) return found;
      return await this.resolve(id, FACADE, { ...options, skipSelf: true });
    },
  };
}

function report(checkout: string, suite: OutsideSuite, test: TestCase): void {
  const name = nameOf(checkout, test);
  const { errors } = test.result();
  const isKnown = Object.hasOwn(suite.gaps, name);
  if (!isKnown)
    console.log(`✗ ${name}\n    ${errors?.[0]?.message.split("\n", 3).join(" ") ?? ""}`);
}

function nameOf(checkout: string, test: TestCase): string {
  return `${relative(checkout, test.module.moduleId)} > ${test.fullName}`;
}

function isSkipped(test: TestCase): boolean {
  return test.result().state === "skipped";
}
