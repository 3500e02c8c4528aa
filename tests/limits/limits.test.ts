/** Every limit of docs/limits.md, at its full size, through a deployment's own doors. */
import { afterAll, beforeAll, expect, test } from "vitest";

import {
  DEPLOYMENT_LIMITS,
  FUNCTION_LIMITS,
  SCHEMA_LIMITS,
  SEARCH_LIMITS,
  TRANSACTION_LIMITS,
  VALUE_LIMITS,
} from "#embedded/lib/limits.ts";
import { fixtureSources, startTestBackend } from "#embedded/test-backend.ts";
import { deploymentCases } from "./deployment-cases.ts";
import { functionCases } from "./function-cases.ts";
import type { LimitCase, Scene } from "./limit-case.ts";
import { schemaCases } from "./schema-cases.ts";
import { searchCases } from "./search-cases.ts";
import { transactionCases } from "./transaction-cases.ts";
import { valueCases } from "./value-cases.ts";

type Limits = Readonly<Record<string, { readonly max: number }>>;
type Cases = Readonly<Record<string, LimitCase>>;

const GROUPS: readonly (readonly [string, Limits, Cases])[] = [
  ["a value", VALUE_LIMITS, valueCases],
  ["a function", FUNCTION_LIMITS, functionCases],
  ["a transaction", TRANSACTION_LIMITS, transactionCases],
  ["a search", SEARCH_LIMITS, searchCases],
  ["a deployment", DEPLOYMENT_LIMITS, deploymentCases],
  ["a schema", SCHEMA_LIMITS, schemaCases],
];

let scene: Scene;
beforeAll(async () => {
  scene = { backend: await startTestBackend(), empty: await startTestBackend() };
  await scene.backend.deploy(fixtureSources("limits"));
}, 60_000);
afterAll(async () => {
  await scene.backend.dispose();
  await scene.empty.dispose();
});

/** Of https://docs.convex.dev/production/state/limits and the open backend, where that allows less. */
const NUMBERS = {
  "a value": [8_192, 1_024, 1_024, 64, 64, 2 ** 20, 16],
  "a function": [
    ...[2 ** 24, 5 * 2 ** 20, 2 ** 24, 2 ** 22, 5 * 366 * 86_400_000, 1_000, 1_800_000, 600_000],
    ...[1_000, 8, 2 ** 26, 2 ** 29, 256, 2 ** 15, 32_000, 256, 20 * 2 ** 20, 20 * 2 ** 20],
  ],
  "a transaction": [
    ...[32_000, 2 ** 24, 4_096, 16_000, 2 ** 24, 1_000, 2 ** 24],
    ...[1_000, 2 ** 24, 100, 2 ** 24],
  ],
  "a search": [16, 64, 16, 32, 8, 1_024, 256, 64],
  "a deployment": [1_000, 2 ** 19, 40, 2 ** 13, 2 ** 25, 4_096],
  "a schema": [10_000, 32, 16, 4, 4, 16, 4_096],
};

test("the numbers are Convex's", () => {
  const numbers = GROUPS.map(([what, limits]) => [
    what,
    Object.values(limits).map(({ max }) => max),
  ]);
  expect(Object.fromEntries(numbers)).toEqual(NUMBERS);
});

test.for(GROUPS)("every limit of %s is shown below", ([, limits, cases]) => {
  expect(Object.keys(cases).sort()).toEqual(Object.keys(limits).sort());
});

const ALL = GROUPS.flatMap(([what, limits, cases]) =>
  Object.entries(limits).map(([name, { max }]) => [what, name, max, cases[name]] as const),
);

test.for(ALL)(
  "the limit of %s in %s holds at %i",
  { timeout: 60_000 },
  async ([, , max, limitCase]) => {
    expect.hasAssertions();
    await limitCase?.(scene, max);
  },
);
