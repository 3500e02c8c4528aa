/**
 * Set-up of the packages' suites: known gaps are expected to fail, so that one that closes fails the
 * suite until it is taken out of the list; and each file has the tests that the documentation counts.
 */
import { afterAll, beforeEach, expect, type RunnerTestCase, type RunnerTestSuite } from "vitest";

import { PACKAGE_SUITES } from "./package-suites.ts";

const { testPath } = expect.getState();
const { packageName, path } =
  /node_modules\/(?<packageName>@[^/]+\/[^/]+)\/(?<path>.+)$/.exec(testPath ?? "")?.groups ?? {};
const suite = PACKAGE_SUITES[packageName ?? ""]?.files[path ?? ""];
const gaps = suite?.gaps ?? {};
const seen = new Set<string>();

beforeEach(({ task }) => {
  const name = nameOf(task);
  seen.add(name);
  if (Object.hasOwn(gaps, name)) Object.assign(task, { fails: true });
});

afterAll(() => {
  expect(Object.keys(gaps).filter((name) => !seen.has(name))).toEqual([]);
  expect(seen.size).toBe(suite?.tests);
});

function nameOf(task: RunnerTestCase | RunnerTestSuite): string {
  const { suite: parent } = task;
  return parent === undefined ? task.name : `${nameOf(parent)} > ${task.name}`;
}
