import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";

import { requestOf, startTestDeployment, type TestDeployment } from "./test-deployment.ts";
import type { QueryOutcome } from "./types.ts";

let deployment: TestDeployment;

beforeAll(async () => {
  deployment = await startTestDeployment({
    rows: `
      import { queryGeneric as query, mutationGeneric as mutation, makeFunctionReference as ref } from "convex/server";
      import { getDocumentSize } from "convex/values";
      export const page = query(async (ctx, { order, only, ...paginationOpts }) => {
        let rows = ctx.db.query("rows").order(order ?? "asc");
        if (only !== undefined) rows = rows.filter((q) => q.eq(q.field("kind"), only));
        const { page, ...rest } = await rows.paginate(paginationOpts);
        return { page: page.map((row) => row.n), ...rest };
      });
      export const limited = query(async (ctx, { documentsRead, ...opts }) =>
        await ctx.runQuery(ref("rows:page"), opts, { transactionLimits: { documentsRead } }));
      export const write = mutation(async (ctx, { table, count }) => {
        for (let n = 0; n < count; n++) await ctx.db.insert(table, { body: "word" });
      });
      export const found = query(async (ctx, opts) =>
        await ctx.db.query("texts").withSearchIndex("by_body", (q) => q.search("body", "word")).paginate(opts));
      export const size = query(async (ctx) => getDocumentSize(await ctx.db.query("rows").first()));
      export const otherTable = query(async (ctx, opts) => await ctx.db.query("others").paginate(opts));
      export const twice = query(async (ctx, opts) => {
        await ctx.db.query("rows").paginate(opts);
        await ctx.db.query("rows").paginate(opts);
      });
      export const nested = query(async (ctx, opts) => await ctx.runQuery(ref("rows:page"), opts));
      export const reset = mutation(async (ctx, { count }) => {
        for (const row of await ctx.db.query("rows").collect()) await ctx.db.delete(row._id);
        for (let n = 0; n < count; n++) await ctx.db.insert("rows", { n, kind: n % 2 });
      });
      export const add = mutation(async (ctx, { n }) => { await ctx.db.insert("rows", { n, kind: n % 2 }); });
      export const remove = mutation(async (ctx, { n }) => {
        for (const row of await ctx.db.query("rows").collect()) if (row.n === n) await ctx.db.delete(row._id);
      });
    `,
  });
  await deployment.setSchema({
    tables: [
      {
        tableName: "texts",
        indexes: [],
        searchIndexes: [{ indexDescriptor: "by_body", searchField: "body", filterFields: [] }],
        vectorIndexes: [],
        documentType: { type: "any" },
      },
    ],
    schemaValidation: false,
  });
});

afterAll(() => deployment.close());

interface Page {
  readonly page: readonly number[];
  readonly isDone: boolean;
  readonly continueCursor: string;
  readonly splitCursor: string | null;
  readonly pageStatus: string | null;
}

const FIRST = { numItems: 3, cursor: null };

async function run(args: object, journal: string | null = null): Promise<[Page, QueryOutcome]> {
  const outcome = await deployment.runner.runQuery({ ...requestOf("rows:page", args), journal });
  if (!outcome.ok) throw new Error(outcome.errorMessage);
  return [JSON.parse(outcome.valueJson) as Page, outcome];
}

test("pages follow each other without gaps, in both orders", async () => {
  await deployment.change("rows:reset", { count: 8 });
  for (const order of ["asc", "desc"]) {
    const seen: number[] = [];
    let cursor: string | null = null;
    for (;;) {
      const [{ page, isDone, continueCursor }] = await run({ order, numItems: 3, cursor });
      seen.push(...page);
      cursor = continueCursor;
      if (isDone) break;
    }
    const expected = [0, 1, 2, 3, 4, 5, 6, 7];
    expect(seen).toEqual(order === "asc" ? expected : expected.reverse());
  }
});

test("a page that is full on the last row is not done; the next one is empty and done", async () => {
  await deployment.change("rows:reset", { count: 3 });
  const [first] = await run(FIRST);
  expect(first).toMatchObject({ page: [0, 1, 2], isDone: false });
  const [second] = await run({ ...FIRST, cursor: first.continueCursor });
  expect(second).toMatchObject({ page: [], isDone: true });
  const [third] = await run({ ...FIRST, cursor: second.continueCursor });
  expect(third).toMatchObject({ page: [], isDone: true });
});

test("run again with its journal, a page returns everything up to where it ended", async () => {
  await deployment.change("rows:reset", { count: 6 });
  const [first, { journal }] = await run({ ...FIRST, order: "desc" });
  expect(first.page).toEqual([5, 4, 3]);
  expect(journal).toBe(first.continueCursor);
  await deployment.change("rows:add", { n: 6 });
  await deployment.change("rows:remove", { n: 4 });
  const [again, outcome] = await run({ ...FIRST, order: "desc" }, journal);
  expect(again.page).toEqual([6, 5, 3]);
  expect(again.continueCursor).toBe(first.continueCursor);
  expect(outcome.journal).toBe(journal);
});

test("an explicit end cursor wins over page size and journal", async () => {
  await deployment.change("rows:reset", { count: 6 });
  const [wide] = await run({ numItems: 5, cursor: null });
  const [, { journal }] = await run(FIRST);
  const [exact] = await run({ ...FIRST, endCursor: wide.continueCursor }, journal);
  expect(exact.page).toEqual([0, 1, 2, 3, 4]);
});

test("a page is split at the middle of what was read", async () => {
  await deployment.change("rows:reset", { count: 10 });
  const [page] = await run({ numItems: 8, cursor: null });
  const [left] = await run({ numItems: 1, cursor: null, endCursor: page.splitCursor });
  const [right] = await run({
    numItems: 1,
    cursor: page.splitCursor,
    endCursor: page.continueCursor,
  });
  expect([left.page, right.page]).toEqual([
    [0, 1, 2, 3, 4],
    [5, 6, 7],
  ]);
  const [small] = await run({ numItems: 2, cursor: null });
  expect(small.splitCursor).toBeNull();
});

test("rows that a filter drops count for the limit of rows read", async () => {
  await deployment.change("rows:reset", { count: 10 });
  const [page] = await run({ numItems: 5, cursor: null, only: 1, maximumRowsRead: 4 });
  expect(page).toMatchObject({ page: [1, 3], isDone: false, pageStatus: "SplitRequired" });
  const [next] = await run({ numItems: 5, cursor: page.continueCursor, only: 1 });
  expect(next).toMatchObject({ page: [5, 7, 9], isDone: true });
});

test("a page ends with the document that goes beyond the limit of bytes read", async () => {
  await deployment.change("rows:reset", { count: 10 });
  const size = (await deployment.value("rows:size")) as number;
  const [page] = await run({ numItems: 5, cursor: null, maximumBytesRead: size + 1 });
  expect(page).toMatchObject({ page: [0, 1], isDone: false, pageStatus: "SplitRequired" });
  const [exact] = await run({ numItems: 5, cursor: null, maximumBytesRead: size });
  expect(exact).toMatchObject({ page: [0], pageStatus: "SplitRequired" });
});

test("a page that reads more than three quarters of what it may is better split", async () => {
  await deployment.change("rows:reset", { count: 10 });
  const size = (await deployment.value("rows:size")) as number;
  const statusOf = async (options: object) =>
    (await run({ cursor: null, ...options }))[0].pageStatus;
  expect(await statusOf({ numItems: 6, maximumRowsRead: 8 })).toBeNull();
  expect(await statusOf({ numItems: 7, maximumRowsRead: 8 })).toBe("SplitRecommended");
  expect(await statusOf({ numItems: 6, maximumBytesRead: 8 * size })).toBeNull();
  expect(await statusOf({ numItems: 7, maximumBytesRead: 8 * size })).toBe("SplitRecommended");
  const [first] = await run({ numItems: 7, cursor: null });
  const whole = { endCursor: first.continueCursor, numItems: 1 };
  expect(await statusOf({ ...whole, maximumRowsRead: 8 })).toBe("SplitRecommended");
});

test("a page of more than 6,144 results is better split", async () => {
  await deployment.change("rows:write", { table: "others", count: 6_145 });
  const statusOf = async (numItems: number) =>
    ((await deployment.value("rows:otherTable", { numItems, cursor: null })) as Page).pageStatus;
  expect(await statusOf(6_144)).toBeNull();
  expect(await statusOf(6_145)).toBe("SplitRecommended");
});

test("a page that a limit of the transaction stops must be split, one with an end too", async () => {
  await deployment.change("rows:reset", { count: 10 });
  const limited = async (args: object) =>
    (await deployment.value("rows:limited", { documentsRead: 5, ...args })) as Page;
  const page = await limited({ numItems: 8, cursor: null });
  expect(page).toMatchObject({ page: [0, 1, 2, 3, 4], pageStatus: "SplitRequired" });
  const [{ continueCursor: endCursor }] = await run({ numItems: 8, cursor: null });
  const whole = await limited({ numItems: 8, cursor: null, endCursor });
  expect(whole).toMatchObject({ pageStatus: "SplitRequired", continueCursor: endCursor });
  const left = await limited({ numItems: 8, cursor: null, endCursor: whole.splitCursor });
  const right = await limited({ numItems: 8, cursor: whole.splitCursor, endCursor });
  expect([...left.page, ...right.page]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect([left.pageStatus, right.pageStatus]).toEqual([null, null]);
  await expect(limited({ numItems: 8, cursor: null, documentsRead: 0 })).rejects.toThrow(
    "Too many documents read in a single function execution (limit: 0).",
  );
});

test("results of a search are paged, but pages of them are not split", async () => {
  await deployment.change("rows:write", { table: "texts", count: 1_000 });
  const found = async (options: object) => (await deployment.value("rows:found", options)) as Page;
  const first = await found({ numItems: 3, cursor: null, maximumRowsRead: 1, maximumBytesRead: 1 });
  expect(first).toMatchObject({ splitCursor: null, pageStatus: null, isDone: false });
  expect(first.page).toHaveLength(3);
  const second = await found({ numItems: 765, cursor: first.continueCursor });
  expect(second).toMatchObject({ splitCursor: null, pageStatus: null });
  const third = await found({ numItems: 766, cursor: first.continueCursor });
  expect(third).toMatchObject({ splitCursor: null, pageStatus: "SplitRecommended" });
});

test("a cursor of another query is refused in a way that clients recognise", async () => {
  await deployment.change("rows:reset", { count: 4 });
  const [page] = await run(FIRST);
  const { continueCursor } = page;
  const outcomes = [
    await deployment.query("rows:otherTable", { numItems: 2, cursor: continueCursor }),
    await deployment.query("rows:otherTable", { ...FIRST, endCursor: continueCursor }),
    await deployment.runner.runQuery({ ...requestOf("rows:page", FIRST), journal: "nonsense" }),
  ];
  for (const outcome of outcomes) {
    expect(outcome).toMatchObject({ ok: false });
    expect(!outcome.ok && outcome.errorMessage).toMatch(
      /Server Error\nInvalidCursor|Uncaught.*InvalidCursor/,
    );
    expect(!outcome.ok && JSON.parse(outcome.errorDataJson!)).toEqual({
      isConvexSystemError: true,
      paginationError: "InvalidCursor",
    });
  }
});

test("what is no cursor is refused", async () => {
  await deployment.change("rows:reset", { count: 4 });
  const [page] = await run(FIRST);
  for (const cursor of ["nonsense", `${page.continueCursor.slice(0, -2)}AA`]) {
    const outcome = await deployment.query("rows:page", { numItems: 2, cursor });
    expect(outcome).toMatchObject({
      ok: false,
      errorMessage: expect.stringContaining("Failed to parse cursor") as string,
    });
    expect(!outcome.ok && outcome.errorDataJson).toBeFalsy();
  }
});

test("a cursor shows nothing of the keys it holds", async () => {
  await deployment.change("rows:reset", { count: 4 });
  const [page] = await run(FIRST);
  const [again] = await run(FIRST);
  expect(Buffer.from(page.continueCursor, "base64url").toString("latin1")).not.toMatch(
    /[a-z0-9]{20}/,
  );
  expect(again.continueCursor).toBe(page.continueCursor);
});

test("one function paginates once, with a sensible page size", async () => {
  await expect(deployment.value("rows:twice", FIRST)).rejects.toThrow(
    "Convex only supports a single paginated query in each function.",
  );
  for (const [numItems, message] of [
    [0, "Must request at least 1 document while paginating"],
    [40_000, "Requested too many items: 40000"],
    [1.5, "`options.numItems` must be a positive integer"],
  ] as const) {
    await expect(deployment.value("rows:page", { numItems, cursor: null })).rejects.toThrow(
      message,
    );
  }
});

test("a nested page leaves no journal", async () => {
  const outcome = await deployment.query("rows:nested", FIRST);
  expect(outcome).toMatchObject({ ok: true, journal: null });
});

test("live pages stay contiguous whatever is written between their runs", async () => {
  const write = fc.oneof(
    fc.record({ kind: fc.constant("add" as const), n: fc.integer({ min: 100, max: 120 }) }),
    fc.record({ kind: fc.constant("remove" as const), n: fc.integer({ min: 0, max: 20 }) }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("asc", "desc"),
      fc.integer({ min: 1, max: 5 }),
      fc.array(write, { maxLength: 8 }),
      async (order, numItems, writes) => {
        await deployment.change("rows:reset", { count: 12 });
        const args = { order, numItems };
        const [first, one] = await run({ ...args, cursor: null });
        const [second, two] = await run({ ...args, cursor: first.continueCursor });
        for (const { kind, n } of writes) await deployment.change(`rows:${kind}`, { n });
        const [firstAgain] = await run({ ...args, cursor: null }, one.journal);
        const [secondAgain] = await run({ ...args, cursor: first.continueCursor }, two.journal);
        const [rest] = await run({ ...args, numItems: 100, cursor: second.continueCursor });
        const [all] = await run({ ...args, numItems: 1000, cursor: null });
        expect([...firstAgain.page, ...secondAgain.page, ...rest.page]).toEqual(all.page);
      },
    ),
    { numRuns: 25 },
  );
});
