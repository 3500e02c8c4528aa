/** One test for each limit of `lib/limits.ts`: what is just within it passes, one more does not. */
import { afterAll, beforeAll, expect, test } from "vitest";

import { requireRoomForTables, type TableState } from "../database/catalog-state.ts";
import { parseSchema } from "../database/schema.ts";
import { makeDocument } from "../database/stored-document.ts";
import {
  DEPLOYMENT_LIMITS,
  FUNCTION_LIMITS,
  SCHEMA_LIMITS,
  SEARCH_LIMITS,
  TRANSACTION_LIMITS,
  VALUE_LIMITS,
} from "../lib/limits.ts";
import { requireCodeSize } from "../modules/code-size.ts";
import { updateVariables } from "../modules/environment-variables.ts";
import { checkResult, parseArgs, type FunctionInfo } from "../runtime/function-info.ts";
import { LogLines } from "../runtime/log-lines.ts";
import {
  countFileRead,
  countFileWrite,
  countScheduling,
  FULL_CEILINGS,
  newRunUsage,
  requireReadsWithin,
  requireWritesWithin,
} from "../runtime/transaction-limits.ts";
import { normalizeValue } from "../values/normalize.ts";
import { isIdentifier } from "../values/validator.ts";
import { ActionSession, type SessionOptions } from "./action-session.ts";
import { requestOf, startTestDeployment, unwrap, type TestDeployment } from "./test-deployment.ts";

const SOURCES = {
  limits: `
    import { queryGeneric as query, mutationGeneric as mutation, actionGeneric as action, internalQueryGeneric, makeFunctionReference as ref } from "convex/server";
    export const spin = query(async () => { for (;;); });
    export const askAndSpin = query(async (ctx, { id }) => { await null; void ctx.db.get(id); for (;;); });
    export const gets = query(async (ctx, { count, id }) => (await Promise.all(Array.from({ length: count }, () => ctx.db.get(id)))).length);
    export const getsInTurn = query(async (ctx, { count, id }) => { for (let n = 0; n < count; n += 1) await ctx.db.get(id); return count; });
    export const urls = action(async (ctx, { count }) => (await Promise.all(Array.from({ length: count }, () => ctx.storage.getUrl("none")))).length);
    export const insert = mutation(async (ctx) => await ctx.db.insert("rows", { n: 1 }));
    export const noop = mutation(async () => null);
    export const schedule = mutation(async (ctx, { length, delayMs = 0 }) => { await ctx.scheduler.runAfter(delayMs, ref("limits:noop"), { text: "x".repeat(length) }); });
    export const scheduleAt = mutation(async (ctx, { at }) => { await ctx.scheduler.runAt(at, ref("limits:noop"), {}); });
    export const page = query(async (ctx, { numItems }) => (await ctx.db.query("rows").paginate({ numItems, cursor: null })).page.length);
    export const filters = query(async (ctx, { count }) => { let rows = ctx.db.query("rows"); for (let n = 0; n < count; n += 1) rows = rows.filter((q) => q.eq(1, 1)); return (await rows.collect()).length; });
    export const search = query(async (ctx, { count }) => (await ctx.db.query("texts").withSearchIndex("by_text", (q) => { let query = q.search("text", "x"); for (let n = 0; n < count; n += 1) query = query.eq("kind", "a"); return query; }).collect()).length);
    export const nearest = action(async (ctx, { limit, kinds }) => (await ctx.vectorSearch("points", "by_at", { vector: [1, 0], limit, ...(kinds ? { filter: (q) => q.or(...Array.from({ length: kinds }, (_, n) => q.eq("kind", n))) } : {}) })).length);
    export const hoard = action(async () => { const kept = []; for (;;) kept.push(Array.from({ length: 10_000 }, (_, n) => ({ n }))); });
    export const nest = internalQueryGeneric(async (ctx, { depth }) => depth === 0 ? 0 : 1 + await ctx.runQuery(ref("limits:nest"), { depth: depth - 1 }));
    export const startNest = query(async (ctx, { depth }) => await ctx.runQuery(ref("limits:nest"), { depth: depth - 1 }) + 1);
  `,
  onNode: `
    "use node";
    import { actionGeneric as action } from "convex/server";
    export const measure = action(async (_ctx, { text }) => text.length);
  `,
};

const SCHEMA = {
  tables: [
    {
      tableName: "texts",
      indexes: [],
      searchIndexes: [{ indexDescriptor: "by_text", searchField: "text", filterFields: ["kind"] }],
      documentType: { type: "any" },
    },
    {
      tableName: "points",
      indexes: [],
      searchIndexes: [],
      vectorIndexes: [
        { indexDescriptor: "by_at", vectorField: "at", dimensions: 2, filterFields: ["kind"] },
      ],
      documentType: { type: "any" },
    },
  ],
  schemaValidation: true,
};

const PATH = { componentPath: "", module: "limits.js", exportName: "noop" };
const INFO: FunctionInfo = { udfType: "query", visibility: "public", args: null, returns: null };
const text = (length: number) => "x".repeat(length);

let deployment: TestDeployment;
beforeAll(async () => {
  deployment = await startTestDeployment(SOURCES);
  await deployment.setSchema(SCHEMA);
});
afterAll(() => deployment.close());

const act = async (path: string, args: object = {}) =>
  unwrap(await deployment.runner.runAction(requestOf(path, args)));

test("(a) the numbers are the documented ones", () => {
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

test.for([
  ["(b)", "documentsRead", "Too many documents read in a single function execution (limit: 32000)"],
  [
    "(c)",
    "bytesRead",
    "Too many bytes read in a single function execution (limit: 16777216 bytes)",
  ],
  ["(d)", "databaseQueries", "Too many reads in a single function execution (limit: 4096)"],
  ["(e)", "documentsWritten", "Too many writes in a single function execution (limit: 16000)"],
  ["(f)", "bytesWritten", "Too many bytes written in a single function execution (limit: 16 MiB)"],
] as const)("%s %s", ([, counter, message]) => {
  const check = (used: number) => () => {
    const usage = {
      documentsRead: 0,
      bytesRead: 0,
      databaseQueries: 0,
      documentsWritten: 0,
      bytesWritten: 0,
      [counter]: used,
    };
    const call = { transaction: { usage }, run: { usage: newRunUsage() }, ceilings: FULL_CEILINGS };
    requireReadsWithin(call);
    requireWritesWithin(call);
  };
  const { max } = TRANSACTION_LIMITS[counter];
  expect(check(max)).not.toThrow();
  expect(check(max + 1)).toThrow(message);
});

test.for([
  [
    "(g)",
    countScheduling,
    "functionsScheduled",
    "scheduledFunctionArgsBytes",
    "functions scheduled",
  ],
  ["(h)", countFileRead, "filesRead", "fileReadBytes", "files read"],
  ["(i)", countFileWrite, "filesWritten", "fileWriteBytes", "files written"],
] as const)(
  "%s what %o counts is bounded in number and bytes",
  ([, count, number, bytes, what]) => {
    const start = (used: object) => {
      const usage = { ...newRunUsage(), ...used };
      const transaction = { usage: {} as never };
      return { transaction, run: { usage }, ceilings: FULL_CEILINGS };
    };
    const last = TRANSACTION_LIMITS[number].max - 1;
    expect(() => count(start({ [number]: last }), 1)).not.toThrow();
    expect(() => count(start({ [number]: last + 1 }), 1)).toThrow(`Too many ${what}`);
    const room = TRANSACTION_LIMITS[bytes].max;
    expect(() => count(start({}), room)).not.toThrow();
    expect(() => count(start({}), room + 1)).toThrow(TRANSACTION_LIMITS[bytes].text(room));
  },
);

test("(j) arguments", () => {
  const parse = (length: number) => () =>
    parseArgs(PATH, JSON.stringify([{ a: text(length) }]), { commitTs: false });
  const room = FUNCTION_LIMITS.argsBytes.max - (2 + 2 + 2 + 2);
  expect(parse(room)).not.toThrow();
  expect(parse(room + 1)).toThrow(
    "Arguments for limits.js:noop are too large (actual: 16.00 MiB, limit: 16 MiB)",
  );
});

test("(k) a return value, however few characters its values take", () => {
  const check = (json: string) => () =>
    checkResult(PATH, INFO, json, () => null, { commitTs: true });
  const room = FUNCTION_LIMITS.resultBytes.max - 2;
  expect(check(JSON.stringify(text(room)))).not.toThrow();
  const message = "Function limits.js:noop return value is too large (actual: 16.00 MiB, limit:";
  expect(check(JSON.stringify(text(room + 1)))).toThrow(message);
  const numbers = Array.from({ length: 230 }, () => Array.from({ length: 8_192 }, () => 1));
  expect(check(JSON.stringify(numbers))).toThrow("(actual: 16.17 MiB, limit: 16 MiB)");
});

test("(l) arguments of an action on Node.js", async () => {
  const { max } = FUNCTION_LIMITS.nodeArgsBytes;
  await expect(act("onNode:measure", { text: text(max - 100) })).resolves.toBe(max - 100);
  await expect(act("onNode:measure", { text: text(max) })).rejects.toThrow(
    "Node actions arguments size is too large. The maximum size is 5 MiB.",
  );
});

test("(m) arguments of a scheduled function", async () => {
  const room = FUNCTION_LIMITS.scheduledArgsBytes.max - (2 + 2 + 5 + 2);
  const args = (length: number) => ({ length, delayMs: 3_600_000 });
  await expect(deployment.change("limits:schedule", args(room))).resolves.toBeNull();
  await expect(deployment.change("limits:schedule", args(room + 1))).rejects.toThrow(
    "Arguments for the scheduled function limits.js:noop are too large",
  );
});

test("(n) how far from now a function is scheduled", async () => {
  const { max } = FUNCTION_LIMITS.scheduledDelayMs;
  const now = deployment.clock.nowMs;
  const at = (delay: number) => deployment.change("limits:scheduleAt", { at: now + delay });
  await expect(at(max - 1_000)).resolves.toBeNull();
  await expect(at(max + 1_000)).rejects.toThrow("is more than 5 years in the future");
  await expect(at(-max - 1_000)).rejects.toThrow("is more than 5 years in the past");
});

test("(o) a query's own time", async () => {
  await expect(deployment.value("limits:spin")).rejects.toThrow(
    "Function execution timed out (maximum duration: 1s)",
  );
}, 30_000);

test.for([
  ["(p) an action's time", FUNCTION_LIMITS.actionTimeMs, "1800s"],
  ["(q) the time of an action on Node.js", FUNCTION_LIMITS.nodeActionTimeMs, "600s"],
] as const)("%s", async ([, limit, duration]) => {
  const thread = { send: () => undefined, abandon: () => undefined };
  const options = {
    pool: { start: () => ({ thread, runId: 1 }) },
    code: { snapshot: null, variables: new Map() },
    timeLimit: { max: 1, text: limit.text },
  } as unknown as SessionOptions;
  const task = { kind: "probe", componentPath: "", module: "x.js" } as const;
  await expect(new ActionSession(task, options).result).rejects.toThrow(
    `Function execution timed out (maximum duration: ${duration})`,
  );
});

test("(r) operations at a time, in queries and in actions", async () => {
  const id = (await deployment.change("limits:insert")) as string;
  const message = "Too many concurrent IO operations in a single function execution (limit: 1000)";
  await expect(deployment.value("limits:gets", { count: 1_000, id })).resolves.toBe(1_000);
  await expect(deployment.value("limits:gets", { count: 1_001, id })).rejects.toThrow(message);
  await expect(deployment.value("limits:getsInTurn", { count: 1_500, id })).resolves.toBe(1_500);
  await expect(act("limits:urls", { count: 1_000 })).resolves.toBe(1_000);
  await expect(act("limits:urls", { count: 1_001 })).rejects.toThrow(message);
}, 30_000);

test("operations of a function that was cut off do not count for those after it", async () => {
  const id = (await deployment.change("limits:insert")) as string;
  await expect(deployment.value("limits:askAndSpin", { id })).rejects.toThrow("timed out");
  await expect(deployment.value("limits:getsInTurn", { count: 1_500, id })).resolves.toBe(1_500);
}, 30_000);

test("(s) calls within calls", async () => {
  await expect(deployment.value("limits:startNest", { depth: 8 })).resolves.toBe(8);
  await expect(deployment.value("limits:startNest", { depth: 9 })).rejects.toThrow(
    "Cross component call depth limit exceeded. Do you have an infinite loop in your app?",
  );
});

test("(t) an action's memory", async () => {
  await expect(act("limits:hoard")).rejects.toThrow(
    "JavaScript execution ran out of memory (maximum memory usage: 64 MB)",
  );
}, 60_000);

test("(u) log lines in number and length", () => {
  const logs = new LogLines();
  for (let line = 0; line < 300; line += 1) logs.add("LOG", text(40_000));
  expect(logs.lines).toHaveLength(256);
  expect(logs.lines.at(-1)).toBe(
    "[ERROR] Log overflow (maximum 256). Remaining log lines omitted.",
  );
  expect(logs.lines[0]).toBe(`[LOG] ${text(32_768)} (truncated due to length)`);
});

test("(v) the size of a page, (w) a query's operators", async () => {
  await expect(deployment.value("limits:page", { numItems: 32_000 })).resolves.toBeTypeOf("number");
  await expect(deployment.value("limits:page", { numItems: 32_001 })).rejects.toThrow(
    "Requested too many items: 32001",
  );
  await expect(deployment.value("limits:filters", { count: 255 })).resolves.toBeTypeOf("number");
  await expect(deployment.value("limits:filters", { count: 257 })).rejects.toThrow(
    "Can't construct query with more than 256 operators",
  );
});

test.for<[string, (count: number) => unknown, number, string]>([
  [
    "(x) an array",
    (count) => Array.from({ length: count }, () => 1),
    VALUE_LIMITS.arrayLength.max,
    "Array length is too long (8193 > maximum length 8192)",
  ],
  [
    "(y) an object",
    (count) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`f${n}`, 1])),
    VALUE_LIMITS.objectFields.max,
    "Object has too many fields (1025 > maximum number 1024)",
  ],
  [
    "(z) a field's name",
    (count) => ({ [text(count)]: 1 }),
    VALUE_LIMITS.fieldNameLength.max,
    "Field name is too long (1025 > maximum 1024)",
  ],
  [
    "(aa) a value's nesting",
    nested,
    VALUE_LIMITS.valueNesting.max,
    "Value is too nested (nested 65 levels deep > maximum nesting 64)",
  ],
  [
    "(ab) a document's nesting",
    (count) => documentOf({ a: nested(count - 1) }),
    VALUE_LIMITS.documentNesting.max,
    "Document is too nested (nested 17 levels deep > maximum nesting 16)",
  ],
  [
    "(ac) a document's size",
    (bytes) => documentOf({ a: text(bytes - documentOf({ a: "" }).stored.size) }),
    VALUE_LIMITS.documentBytes.max,
    "Value is too large (1.00 MiB > maximum size 1 MiB)",
  ],
])("%s", ([, make, max, message]) => {
  expect(() => normalizeValue(make(max))).not.toThrow();
  expect(() => normalizeValue(make(max + 1))).toThrow(message);
});

test("(ad) an identifier", () => {
  expect([text(64), text(65)].map(isIdentifier)).toEqual([true, false]);
  const schema = (name: string) => () => schemaOf({ documentType: objectOf(name) });
  expect(schema(text(64))).not.toThrow();
  expect(schema(text(65))).toThrow("Identifier is too long (65 > maximum 64)");
});

test("(ae) tables", () => {
  const tables = (count: number) =>
    Array.from({ length: count }, (_, n) => ({ name: `t${n}` }) as TableState);
  const system = { name: "_system" } as TableState;
  expect(() => requireRoomForTables([system, ...tables(9_999)])).not.toThrow();
  expect(() => requireRoomForTables(tables(10_000))).toThrow(
    "Number of tables cannot exceed 10000.",
  );
});

test.for<[string, (count: number) => object, number, string]>([
  [
    "(af) indexes of a table",
    (count) => ({ indexes: many(count, (n) => ({ fields: [`f${n}`] })) }),
    SCHEMA_LIMITS.indexesPerTable.max,
    'Table "items" cannot have more than 32 indexes.',
  ],
  [
    "(ag) fields of an index",
    (count) => ({
      indexes: many(1, () => ({ fields: Array.from({ length: count }, (_, n) => `f${n}`) })),
    }),
    SCHEMA_LIMITS.fieldsPerIndex.max,
    "Indexes may have up to 16 fields.",
  ],
  [
    "(ah) search indexes of a table",
    (count) => ({ searchIndexes: many(count, (n) => ({ searchField: `f${n}` })) }),
    SCHEMA_LIMITS.searchIndexesPerTable.max,
    'Table "items" cannot have more than 4 search indexes.',
  ],
  [
    "(ai) vector indexes of a table",
    (count) => ({ vectorIndexes: many(count, (n) => ({ vectorField: `f${n}`, dimensions: 2 })) }),
    SCHEMA_LIMITS.vectorIndexesPerTable.max,
    'Table "items" cannot have more than 4 vector indexes.',
  ],
  [
    "(aj) filter fields of a search index",
    (count) => ({
      searchIndexes: many(1, () => ({ searchField: "text", filterFields: names(count) })),
    }),
    SCHEMA_LIMITS.filterFieldsPerIndex.max,
    "Search indexes may have up to 16 filter fields.",
  ],
  [
    "(ak) filter fields of a vector index",
    (count) => ({
      vectorIndexes: many(1, () => ({
        vectorField: "at",
        dimensions: 2,
        filterFields: names(count),
      })),
    }),
    SCHEMA_LIMITS.filterFieldsPerIndex.max,
    "Search indexes may have up to 16 filter fields.",
  ],
  [
    "(al) dimensions",
    (dimensions) => ({ vectorIndexes: many(1, () => ({ vectorField: "at", dimensions })) }),
    SCHEMA_LIMITS.vectorDimensions.max,
    "Dimensions 4097 must be between 2 and 4096.",
  ],
])("%s", ([, table, max, message]) => {
  expect(() => schemaOf(table(max))).not.toThrow();
  expect(() => schemaOf(table(max + 1))).toThrow(message);
});

test("(am) a single dimension is none", () => {
  const table = (dimensions: number) => ({
    vectorIndexes: many(1, () => ({ vectorField: "at", dimensions })),
  });
  expect(() => schemaOf(table(2))).not.toThrow();
  expect(() => schemaOf(table(1))).toThrow("Dimensions 1 must be between 2 and 4096.");
});

test("(an) filters of a search", async () => {
  await expect(deployment.value("limits:search", { count: 8 })).resolves.toBe(0);
  await expect(deployment.value("limits:search", { count: 9 })).rejects.toThrow(
    "Search query against texts.by_text has too many filter conditions. Max: 8 Actual: 9",
  );
});

test("(ao) results of a vector search, (ap) its conditions", async () => {
  await expect(act("limits:nearest", { limit: 256 })).resolves.toBe(0);
  await expect(act("limits:nearest", { limit: 257 })).rejects.toThrow(
    "Vector queries can fetch at most 256 results, requested 257.",
  );
  await expect(act("limits:nearest", { limit: 1, kinds: 64 })).resolves.toBe(0);
  await expect(act("limits:nearest", { limit: 1, kinds: 65 })).rejects.toThrow(
    "Vector query against points.by_at has too many conditions. Max: 64 Actual: 65",
  );
});

test.for<[string, (size: number) => readonly { name: string; value: string }[], number, string]>([
  [
    "(aq) environment variables",
    (count) => Array.from({ length: count }, (_, n) => ({ name: `V${n}`, value: "" })),
    DEPLOYMENT_LIMITS.environmentVariables.max,
    "The environment variable limit (1000) has been met.",
  ],
  [
    "(ar) the name of a variable",
    (length) => [{ name: text(length), value: "" }],
    DEPLOYMENT_LIMITS.environmentNameLength.max,
    `The environment variable name ${text(41)} is too long.`,
  ],
  [
    "(as) the value of a variable",
    (length) => [{ name: "V", value: text(length) }],
    DEPLOYMENT_LIMITS.environmentValueBytes.max,
    "The environment variable value is 8193 bytes, which is too large. (max size: 8192",
  ],
  [
    "(at) all variables together",
    (bytes) => [
      ...Array.from({ length: 63 }, (_, n) => ({ name: `VAR${10 + n}`, value: text(8_192) })),
      { name: "LAST_", value: text(bytes - 63 * (8_192 + 5) - 5) },
    ],
    DEPLOYMENT_LIMITS.environmentBytes.max,
    "The total size of all environment variables (524289 bytes) exceeds the limit (524288 bytes).",
  ],
])("%s", ([, variables, max, message]) => {
  const update = (size: number) => () =>
    updateVariables(deployment.database.begin(), variables(size));
  expect(update(max)).not.toThrow();
  expect(update(max + 1)).toThrow(message);
});

test("(au) code, components included, (av) function files", () => {
  const code = (...sources: { path: string; source: string }[]) => ({
    modules: sources.map((module) => ({ ...module, environment: "isolate" as const })),
    schema: null,
    definition: null,
    dependencies: [],
  });
  const check = (app: ReturnType<typeof code>, component: ReturnType<typeof code>) => () => {
    const components = [{ ...component, definitionPath: "child" }];
    requireCodeSize({ app, components, isForCodegen: false });
  };
  const half = { path: "_deps/a.js", source: text(DEPLOYMENT_LIMITS.codeBytes.max / 2) };
  expect(check(code(half), code(half))).not.toThrow();
  expect(check(code(half, { path: "b.js", source: "x" }), code(half))).toThrow(
    "Total module size exceeded the unzipped maximum (32.00 MiB > maximum size 32 MiB)",
  );
  const files = (count: number) =>
    code(...Array.from({ length: count }, (_, n) => ({ path: `f${n}.js`, source: "" })));
  expect(check(files(4_096), files(0))).not.toThrow();
  expect(check(files(4_097), files(0))).toThrow(
    'Too many function files (4097 > maximum 4096) in "convex/".',
  );
});

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) value = [value];
  return value;
}

function documentOf(fields: object) {
  return makeDocument("j57000820c20a1g7104gm2rc1m70ynr8", 1, normalizeValue(fields));
}

function schemaOf(table: object): void {
  const items = { tableName: "items", indexes: [], documentType: { type: "any" }, ...table };
  parseSchema(JSON.stringify({ tables: [items], schemaValidation: true }));
}

function many(count: number, make: (n: number) => object): object[] {
  return Array.from({ length: count }, (_, n) => ({ indexDescriptor: `by_${n}`, ...make(n) }));
}

function names(count: number): string[] {
  return Array.from({ length: count }, (_, n) => `f${n}`);
}

function objectOf(field: string): object {
  return { type: "object", value: { [field]: { fieldType: { type: "any" }, optional: false } } };
}
