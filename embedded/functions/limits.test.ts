/** What tests/limits, which tries every limit at its full size, leaves out. */
import { expect, test } from "vitest";

import {
  countUserTables,
  requireRoomForTables,
  type TableState,
} from "../database/catalog-state.ts";
import { parseSchema } from "../database/schema.ts";
import {
  DEPLOYMENT_LIMITS,
  FUNCTION_LIMITS,
  SEARCH_LIMITS,
  TRANSACTION_LIMITS,
} from "../lib/limits.ts";
import { startTestDeployment } from "./test-deployment.ts";

test("the numbers are the documented ones", () => {
  const numbers = (limits: Record<string, { readonly max: number }>) =>
    Object.fromEntries(Object.entries(limits).map(([name, { max }]) => [name, max]));
  expect(numbers(TRANSACTION_LIMITS)).toMatchObject({
    documentsRead: 32_000,
    bytesRead: 16_777_216,
    databaseQueries: 4_096,
    documentsWritten: 16_000,
    bytesWritten: 16_777_216,
    functionsScheduled: 1_000,
    scheduledFunctionArgsBytes: 16_777_216,
  });
  expect(numbers(FUNCTION_LIMITS)).toMatchObject({
    argsBytes: 16_777_216,
    nodeArgsBytes: 5_242_880,
    resultBytes: 16_777_216,
    scheduledArgsBytes: 4_194_304,
    userTimeMs: 1_000,
    actionTimeMs: 1_800_000,
    nodeActionTimeMs: 600_000,
    concurrentOperations: 1_000,
    heapBytes: 67_108_864,
    nodeHeapBytes: 536_870_912,
    httpResponseBytes: 20_971_520,
  });
  expect(numbers(DEPLOYMENT_LIMITS)).toMatchObject({
    environmentVariables: 1_000,
    environmentNameLength: 40,
    environmentValueBytes: 8_192,
    codeBytes: 33_554_432,
  });
  expect(numbers(SEARCH_LIMITS)).toMatchObject({
    queryTerms: 16,
    termBytes: 32,
    candidates: 1_024,
  });
});

test("operations of a function that was cut off do not count for those after it", async () => {
  const deployment = await startTestDeployment({
    limits: `
      import { queryGeneric as query, mutationGeneric as mutation } from "convex/server";
      export const askAndSpin = query(async (ctx, { id }) => { await null; void ctx.db.get(id); for (;;); });
      export const getsInTurn = query(async (ctx, { count, id }) => { for (let n = 0; n < count; n += 1) await ctx.db.get(id); return count; });
      export const insert = mutation(async (ctx) => await ctx.db.insert("rows", { n: 1 }));
    `,
  });
  const id = (await deployment.change("limits:insert")) as string;
  await expect(deployment.value("limits:askAndSpin", { id })).rejects.toThrow("timed out");
  await expect(deployment.value("limits:getsInTurn", { count: 1_500, id })).resolves.toBe(1_500);
  await deployment.close();
}, 30_000);

test("as many tables as that are let in", () => {
  const tables = (count: number) =>
    Array.from({ length: count }, (_, n) => ({ name: `t${n}` }) as TableState);
  const system = { name: "_system" } as TableState;
  expect(countUserTables([system, ...tables(9_998)])).toBe(9_998);
  expect(() => requireRoomForTables(9_998, 2)).not.toThrow();
  expect(() => requireRoomForTables(9_999, 2)).toThrow("Number of tables cannot exceed 10000.");
});

test("a single dimension is none", () => {
  const schema = (dimensions: number) => () =>
    parseSchema(
      JSON.stringify({
        tables: [
          {
            tableName: "items",
            indexes: [],
            vectorIndexes: [{ indexDescriptor: "by_at", vectorField: "at", dimensions }],
            documentType: { type: "any" },
          },
        ],
        schemaValidation: true,
      }),
    );
  expect(schema(2)).not.toThrow();
  expect(schema(1)).toThrow("Dimensions 1 must be between 2 and 4096.");
});
