import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";

import { startTestDeployment, type TestDeployment } from "./test-deployment.ts";

let deployment: TestDeployment;

beforeAll(async () => {
  deployment = await startTestDeployment({
    db: `
      import { queryGeneric as query, mutationGeneric as mutation } from "convex/server";
      const steps = (rows, calls) => calls.reduce((q, [name, ...args]) => q[name](...args), rows);
      export const insert = mutation(async (ctx, { table, value }) => await ctx.db.insert(table, value));
      export const seed = mutation(async (ctx, { rows }) => {
        for (const row of await ctx.db.query("pairs").collect()) await ctx.db.delete(row._id);
        for (const row of rows) await ctx.db.insert("pairs", row);
      });
      export const range = query(async (ctx, { bounds, order }) => (await ctx.db.query("pairs")
        .withIndex("by_a_and_b", (q) => steps(q, bounds)).order(order ?? "asc").collect()).map(({ a, b }) => [a ?? null, b ?? null]));
      export const filter = query(async (ctx, { expression }) => {
        const build = (q, e) => Array.isArray(e) ? q[e[0]](...e.slice(1).map((part) => build(q, part)))
          : typeof e === "object" && e !== null && "value" in e ? e.value : e;
        return (await ctx.db.query("pairs").filter((q) => build(q, expression)).collect()).map(({ n }) => n);
      });
      export const get = query(async (ctx, { id, table }) => table ? await ctx.db.get(table, id) : await ctx.db.get(id));
      export const getSystem = query(async (ctx, { id }) => await ctx.db.system.get(id));
      export const querySystem = query(async (ctx, { table }) => await ctx.db.system.query(table).collect());
      export const indexNamed = query(async (ctx, { index }) => await ctx.db.query("pairs").withIndex(index).collect());
      export const unique = query(async (ctx) => await ctx.db.query("pairs").unique());
      export const take = query(async (ctx, { n }) => (await ctx.db.query("pairs").take(n)).length);
      export const limitThenFilter = query(async (ctx) => (await ctx.db.query("pairs").limit(2).filter((q) => q.eq(q.field("n"), 1)).collect()).map(({ n }) => n));
      export const normalize = query(async (ctx, { table, id }) => ctx.db.normalizeId(table, id));
      export const patch = mutation(async (ctx, { id, value, remove }) => { await ctx.db.patch(id, remove ? { [remove]: undefined } : value); return await ctx.db.get(id); });
      export const replace = mutation(async (ctx, { id, value }) => { await ctx.db.replace(id, value); return await ctx.db.get(id); });
      export const remove = mutation(async (ctx, { id }) => { await ctx.db.delete(id); return await ctx.db.get(id); });
      export const removeIn = mutation(async (ctx, { table, id }) => { await ctx.db.delete(table, id); });
      export const search = query(async (ctx, { text, kind }) => (await ctx.db.query("texts").withSearchIndex("search_body",
        (q) => kind === undefined ? q.search("body", text) : q.search("body", text).eq("kind", kind)).collect()).map(({ body }) => body));
      export const searchFor = query(async (ctx, { fields }) => await ctx.db.query("texts").withSearchIndex("search_body",
        (q) => fields.reduce((search, field) => search.search(field, "x"), q)).collect());
      export const iterate = query(async (ctx) => { for await (const row of ctx.db.query("pairs")) return row.n; });
      export const readMany = query(async (ctx) => { for (let i = 0; i < 5000; i++) await ctx.db.query("pairs").withIndex("by_a_and_b", (q) => q.eq("a", i)).first(); });
      export const writeMany = mutation(async (ctx) => { for (let i = 0; i < 16001; i++) await ctx.db.insert("many", {}); });
    `,
  });
  await deployment.setSchema({
    tables: [
      {
        tableName: "pairs",
        indexes: [{ indexDescriptor: "by_a_and_b", fields: ["a", "b"] }],
        searchIndexes: [],
        vectorIndexes: [],
        documentType: { type: "any" },
      },
      {
        tableName: "texts",
        indexes: [],
        searchIndexes: [
          { indexDescriptor: "search_body", searchField: "body", filterFields: ["kind"] },
        ],
        vectorIndexes: [],
        documentType: { type: "any" },
      },
    ],
    schemaValidation: false,
  });
});

afterAll(() => deployment.close());

test("an index range returns what a naive filter and sort would", async () => {
  const value = fc.option(fc.constantFrom(0, 1, 2, "x", null, true), { nil: undefined });
  const row = fc.record({ a: value, b: value }, { requiredKeys: [] });
  const comparator = fc.constantFrom("gt", "gte", "lt", "lte");
  const rank = (item: unknown) =>
    item === undefined
      ? 0
      : item === null
        ? 1
        : typeof item === "number"
          ? 2
          : item === true
            ? 4
            : 5;
  const compare = (left: unknown, right: unknown) =>
    rank(left) - rank(right) || (typeof left === "number" ? left - (right as number) : 0);
  const holds: Record<string, (order: number) => boolean> = {
    gt: (order) => order > 0,
    gte: (order) => order >= 0,
    lt: (order) => order < 0,
    lte: (order) => order <= 0,
  };
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { maxLength: 12 }),
      fc.option(fc.constantFrom(0, 1, "x", null), { nil: undefined }),
      comparator,
      fc.constantFrom(0, 1, 2, "x", null, true),
      fc.constantFrom("asc", "desc"),
      async (rows, equal, operator, bound, order) => {
        await deployment.change("db:seed", { rows });
        const bounds =
          equal === undefined
            ? [[operator, "a", bound]]
            : [
                ["eq", "a", equal],
                [operator, "b", bound],
              ];
        const sorted = [...rows].sort(
          (left, right) => compare(left.a, right.a) || compare(left.b, right.b),
        );
        const expected = sorted
          .filter(({ a, b }) =>
            equal === undefined
              ? holds[operator]!(compare(a, bound))
              : compare(a, equal) === 0 && holds[operator]!(compare(b, bound)),
          )
          .map(({ a, b }) => [a ?? null, b ?? null]);
        const found = (await deployment.value("db:range", { bounds, order })) as unknown[];
        expect(found).toEqual(order === "asc" ? expected : expected.reverse());
      },
    ),
    { numRuns: 60 },
  );
});

test.each([
  [[["eq", "b", 1]], "the query didn't use the index fields in order"],
  [
    [
      ["gt", "a", 1],
      ["lt", "b", 1],
    ],
    "can only be applied to a single index field",
  ],
  [
    [
      ["gt", "a", 1],
      ["gte", "a", 2],
    ],
    "Already defined lower bound in index range",
  ],
  [
    [
      ["lt", "a", 1],
      ["lte", "a", 2],
    ],
    "Already defined upper bound in index range",
  ],
  [
    [
      ["eq", "a", 1],
      ["eq", "a", 2],
    ],
    "Already defined equality bound in index range",
  ],
  [[["eq", "c", 1]], "doesn't index this field"],
])("the range %j is refused", async (bounds, message) => {
  await expect(deployment.value("db:range", { bounds })).rejects.toThrow(message);
});

test("an empty range between bounds that cross reads nothing", async () => {
  await deployment.change("db:seed", { rows: [{ a: 1, b: 1 }] });
  const bounds = [
    ["gt", "a", 5],
    ["lt", "a", 2],
  ];
  await expect(deployment.value("db:range", { bounds })).resolves.toEqual([]);
});

test("missing fields are found as undefined, apart from null", async () => {
  await deployment.change("db:seed", { rows: [{ b: 1 }, { a: null, b: 2 }, { a: 0, b: 3 }] });
  const eq = (value: unknown) => deployment.value("db:range", { bounds: [["eq", "a", value]] });
  await expect(deployment.value("db:range", { bounds: [["eq", "a"]] })).resolves.toEqual([
    [null, 1],
  ]);
  await expect(eq(null)).resolves.toEqual([[null, 2]]);
});

test("filters compare by the total order, calculate in one number type and insist on booleans", async () => {
  const one = { $integer: "AQAAAAAAAAA=" };
  await deployment.change("db:seed", {
    rows: [{ n: 0, a: 1 }, { n: 1, a: one }, { n: 2, a: "x" }, { n: 3 }, { n: 4, a: null }],
  });
  const run = (expression: unknown) => deployment.value("db:filter", { expression });
  const a = ["field", "a"];
  await expect(run(["eq", a, 1])).resolves.toEqual([0]);
  await expect(run(["lt", a, 1])).resolves.toEqual([1, 3, 4]);
  await expect(run(["neq", a, { value: null }])).resolves.toEqual([0, 1, 2, 3]);
  await expect(
    run(["and", ["gte", ["field", "n"], 1], ["not", ["eq", ["field", "n"], 3]]]),
  ).resolves.toEqual([1, 2, 4]);
  await expect(
    run(["or", ["eq", ["field", "n"], 0], ["eq", ["mod", ["field", "n"], 2], 1]]),
  ).resolves.toEqual([0, 1, 3]);
  await expect(run(["eq", ["add", ["field", "n"], ["neg", 1]], 3])).resolves.toEqual([4]);
  await expect(run(["add", ["field", "n"], 1])).rejects.toThrow(
    "Cannot use value 1.0 (type Float64) as a Boolean",
  );
  for (const [calculation, message] of [
    [["add", a, one], "Cannot add 1.0 (type Float64) and 1 (type Int64)"],
    [["sub", ["field", "b"], { value: "x" }], 'Cannot subtract undefined (type undefined) and "x"'],
    [["mul", { value: null }, 1], "Cannot multiply null (type Null) and 1.0 (type Float64)"],
    [["mod", one, { value: { $integer: "AAAAAAAAAAA=" } }], "Cannot mod 1 by zero"],
    [["neg", { value: true }], "Cannot negate true (type Boolean)"],
    [
      ["add", one, { $integer: "/////////38=" }],
      "Cannot add 1 and 9223372036854775807: the result is out of range for Int64",
    ],
    [
      ["neg", { $integer: "AAAAAAAAAIA=" }],
      "Cannot negate -9223372036854775808: the result is out of range for Int64",
    ],
  ] as const) {
    await expect(run(["eq", calculation, 1])).rejects.toThrow(message);
  }
});

test("get, patch, replace and delete do what they say and nothing else", async () => {
  const id = await deployment.change("db:insert", { table: "notes", value: { a: 1, b: 2 } });
  await expect(deployment.value("db:get", { id })).resolves.toMatchObject({ a: 1, b: 2, _id: id });
  await expect(deployment.value("db:get", { id, table: "notes" })).resolves.toMatchObject({ a: 1 });
  await expect(deployment.change("db:patch", { id, value: { a: 3 } })).resolves.toMatchObject({
    a: 3,
    b: 2,
  });
  expect(await deployment.change("db:patch", { id, remove: "b" })).not.toHaveProperty("b");
  expect(await deployment.change("db:replace", { id, value: { c: 1 } })).not.toHaveProperty("a");
  await expect(deployment.change("db:remove", { id })).resolves.toBeNull();
  await expect(deployment.change("db:remove", { id })).rejects.toThrow(
    `Delete on nonexistent document ID ${String(id)}`,
  );
  await expect(deployment.change("db:patch", { id, value: {} })).rejects.toThrow(
    `Update on nonexistent document ID`,
  );
  await expect(deployment.change("db:replace", { id, value: {} })).rejects.toThrow(
    `Replace on nonexistent document ID`,
  );
});

test("an order is asc or desc", async () => {
  await expect(deployment.value("db:range", { bounds: [], order: "up" })).rejects.toThrow(
    'Invalid order "up"',
  );
});

test("ids are checked before they are used", async () => {
  const id = await deployment.change("db:insert", { table: "notes", value: {} });
  await deployment.change("db:insert", { table: "pairs", value: {} });
  await expect(deployment.value("db:get", { id: "nonsense" })).rejects.toThrow(
    "Invalid argument `id` for `db.get`: Unable to decode ID: Invalid ID length 8",
  );
  await expect(deployment.value("db:get", { id, table: "pairs" })).rejects.toThrow(
    'expected to be an Id<"pairs">, got Id<"notes"> instead.',
  );
  await expect(deployment.change("db:removeIn", { id, table: "pairs" })).rejects.toThrow(
    'expected to be an Id<"pairs">, got Id<"notes"> instead.',
  );
  await expect(deployment.value("db:normalize", { table: "notes", id })).resolves.toBe(id);
  await expect(deployment.value("db:normalize", { table: "pairs", id })).resolves.toBeNull();
  await expect(deployment.value("db:normalize", { table: "notes", id: "x" })).resolves.toBeNull();
});

test("the system's own tables are out of reach", async () => {
  for (const table of ["_modules", "_session_requests", "_environment_variables"]) {
    await expect(deployment.value("db:querySystem", { table })).rejects.toThrow(
      "not accessible to functions",
    );
  }
  await expect(deployment.value("db:querySystem", { table: "_storage" })).resolves.toEqual([]);
  await expect(
    deployment.value("db:querySystem", { table: "_scheduled_functions" }),
  ).resolves.toEqual([]);
  await expect(deployment.change("db:insert", { table: "_modules", value: {} })).rejects.toThrow(
    "read-only",
  );
  const interval = { lower: "", upper: null };
  const modules = { table: "_modules", index: "by_creation_time", interval, order: "asc" } as const;
  const row = deployment.database
    .begin()
    .range({ componentPath: "", ...modules })
    .next();
  const id = row!.document.id;
  for (const path of ["db:getSystem", "db:get"]) {
    expect(await deployment.value(path, { id })).toBeNull();
  }
  for (const [path, verb] of [
    ["db:patch", "patch"],
    ["db:replace", "replace"],
    ["db:remove", "delete"],
  ] as const) {
    await expect(deployment.change(path, { id, value: {} })).rejects.toThrow(
      `Invalid argument \`id\` for \`db.${verb}\`: Table for ID "${id}" not found`,
    );
  }
});

test("unique, take, limit and iteration read no more than they need", async () => {
  await deployment.change("db:seed", { rows: [{ n: 0 }, { n: 1 }, { n: 1 }] });
  await expect(deployment.value("db:unique")).rejects.toThrow(
    "unique() query returned more than one result",
  );
  await expect(deployment.value("db:take", { n: 2 })).resolves.toBe(2);
  await expect(deployment.value("db:take", { n: 0 })).resolves.toBe(0);
  await expect(deployment.value("db:limitThenFilter")).resolves.toEqual([1]);
  await expect(deployment.value("db:iterate")).resolves.toBe(0);
});

test("search finds by words and filters", async () => {
  for (const [body, kind] of [
    ["green tea pot", "tea"],
    ["black tea", "tea"],
    ["green paint", "paint"],
  ]) {
    await deployment.change("db:insert", { table: "texts", value: { body, kind } });
  }
  await expect(deployment.value("db:search", { text: "green" })).resolves.toHaveLength(2);
  await expect(deployment.value("db:search", { text: "gre", kind: "tea" })).resolves.toEqual([
    "green tea pot",
  ]);
  await expect(deployment.value("db:search", { text: " " })).resolves.toEqual([]);
});

test("a search without a search text, with two, or in another field is refused", async () => {
  const searchFor = (...fields: string[]) => deployment.value("db:searchFor", { fields });
  const against = "Search query against texts.search_body";
  await expect(searchFor("kind")).rejects.toThrow(
    `${against} contains a search filter against "kind", which doesn't match the indexed ` +
      '`searchField` "body".',
  );
  await expect(searchFor("body", "body")).rejects.toThrow(
    `${against} contains multiple search filters against "body". Only one is allowed.`,
  );
  await expect(searchFor()).rejects.toThrow(
    `${against} does not contain any search filters. You must include a search filter like ` +
      '`q.search("field", searchText)`.',
  );
});

test("an index that does not exist is named", async () => {
  await expect(deployment.value("db:indexNamed", { index: "by_nothing" })).rejects.toThrow(
    "pairs.by_nothing not found",
  );
});

test("a function that reads or writes too much is stopped", async () => {
  await expect(deployment.value("db:readMany")).rejects.toThrow(
    "Too many reads in a single function execution (limit: 4096)",
  );
  await expect(deployment.change("db:writeMany")).rejects.toThrow(
    /Too many writes in a single function execution|timed out/,
  );
}, 30_000);
