import { afterAll, beforeAll, expect, test } from "vitest";

import { requestOf, startTestDeployment, unwrap, type TestDeployment } from "./test-deployment.ts";

const SOURCES = {
  points: `
    import { mutationGeneric as mutation, queryGeneric as query, actionGeneric as action } from "convex/server";
    export const add = mutation(async (ctx, row) => { await ctx.db.insert("points", row); });
    const condition = (q, [kind, ...rest]) => kind === "or" ? q.or(...rest.map((part) => condition(q, part))) : q.eq(rest[0], rest[1]);
    export const nearest = action(async (ctx, { vector, limit, filter, index = "by_at", table = "points" }) => {
      const found = await ctx.vectorSearch(table, index, { vector, ...(limit === undefined ? {} : { limit }), ...(filter ? { filter: (q) => condition(q, filter) } : {}) });
      return await Promise.all(found.map(async ({ _id, _score }) => [await ctx.runQuery("points:nameOf", { id: _id }), Math.round(_score * 1000) / 1000]));
    });
    export const undefinedKind = action(async (ctx) => (await ctx.vectorSearch("points", "by_at", { vector: [1, 0], filter: (q) => q.eq("kind", undefined) })).length);
    export const badFilter = action(async (ctx, { expressions }) => await Convex.asyncSyscall("1.0/actions/vectorSearch", JSON.stringify({ query: { indexName: "points.by_at", vector: [1, 0], expressions: JSON.parse(expressions) } })));
    export const nameOf = query(async (ctx, { id }) => (await ctx.db.get(id)).name);
    export const inQuery = query(async (ctx) => typeof ctx.vectorSearch);
  `,
};

const INDEX = { vectorField: "at", dimensions: 2, filterFields: ["kind", "deep.tag"] };

const schemaWith = (changes: object = {}) => ({
  tables: [
    {
      tableName: "points",
      indexes: [{ indexDescriptor: "by_name", fields: ["name"] }],
      searchIndexes: [],
      vectorIndexes: [{ indexDescriptor: "by_at", ...INDEX }],
      stagedVectorIndexes: [
        { indexDescriptor: "later", vectorField: "other", dimensions: 3, filterFields: [] },
      ],
      documentType: { type: "any" },
      ...changes,
    },
  ],
  schemaValidation: true,
});

let deployment: TestDeployment;

beforeAll(async () => {
  deployment = await startTestDeployment(SOURCES);
  await deployment.setSchema(schemaWith());
  const rows = [
    { name: "east", at: [1, 0], kind: "a", deep: { tag: 1 } },
    { name: "north", at: [0, 1], kind: "a" },
    { name: "northeast", at: [5, 5], kind: "b", deep: { tag: 2 } },
    { name: "west", at: [-1, -0], kind: "c" },
    { name: "south", at: [0, -2] },
    { name: "too long", at: [1, 0, 0], kind: "a" },
    { name: "no vector", at: "east", kind: "a" },
    { name: "no numbers", at: [1, "0"], kind: "a" },
    { name: "not finite", at: [1, { $float: "AAAAAAAA8H8=" }], kind: "a" },
    { name: "whole numbers", at: [{ $integer: "AQAAAAAAAAA=" }, 0], kind: "a" },
    { name: "nothing", kind: "a" },
  ];
  for (const row of rows) {
    const json = JSON.stringify(row).replace("-1,0", '-1,{"$float":"AAAAAAAAAIA="}');
    await deployment.change("points:add", JSON.parse(json) as object);
  }
});
afterAll(() => deployment.close());

async function run(path: string, args: object = {}): Promise<unknown> {
  return unwrap(await deployment.runner.runAction(requestOf(path, args)));
}

const nearest = (args: object) => run("points:nearest", args);

test("the most similar come first, with their similarity; what has no fitting vector is not found", async () => {
  await expect(nearest({ vector: [2, 0.5], limit: 3 })).resolves.toEqual([
    ["east", 0.97],
    ["northeast", 0.857],
    ["north", 0.243],
  ]);
  const all = (await nearest({ vector: [1, 0] })) as [string, number][];
  expect(all.map(([name]) => name).sort()).toEqual(["east", "north", "northeast", "south", "west"]);
  expect(all.at(-1)).toEqual(["west", -1]);
});

test("a filter is one equality or several of which one has to hold", async () => {
  const vector = [1, 0];
  const names = async (filter: unknown) =>
    ((await nearest({ vector, filter })) as [string][]).map(([name]) => name);
  await expect(names(["eq", "kind", "a"])).resolves.toEqual(["east", "north"]);
  await expect(names(["or", ["eq", "kind", "b"], ["eq", "kind", "c"]])).resolves.toEqual([
    "northeast",
    "west",
  ]);
  await expect(names(["or", ["eq", "kind", "b"], ["eq", "deep.tag", 1]])).resolves.toEqual([
    "east",
    "northeast",
  ]);
  await expect(names(["eq", "kind", "z"])).resolves.toEqual([]);
  await expect(run("points:undefinedKind")).resolves.toBe(1);
});

test("what is written is found at once", async () => {
  await deployment.change("points:add", { name: "new", at: [7, 7.1], kind: "new" });
  await expect(nearest({ vector: [7, 7.1], limit: 1 })).resolves.toEqual([["new", 1]]);
});

test("only actions search vectors", async () => {
  await expect(deployment.value("points:inQuery")).resolves.toBe("undefined");
});

test.for<[string, object, string]>([
  [
    "an unindexed filter field",
    { vector: [1, 0], filter: ["eq", "name", "x"] },
    'Vector query against points.by_at contains a filter on "name" but that field isn\'t indexed',
  ],
  [
    "a vector of another length",
    { vector: [1, 0, 0] },
    "Expected a vector with dimensions 2, received 3.",
  ],
  ["a limit of none", { vector: [1, 0], limit: 0 }, "`limit` must be a positive integer"],
  [
    "an index of another kind",
    { vector: [1, 0], index: "by_name" },
    "Index points.by_name is not a vector index",
  ],
  ["an unknown index", { vector: [1, 0], index: "none" }, "Index points.none not found"],
  [
    "a staged index",
    { vector: [1, 0, 0], index: "later" },
    "Index points.later is currently staged",
  ],
  ["an unknown table", { vector: [1, 0], table: "none" }, "Index none.by_at not found"],
])("%s is refused", async ([, args, message]) => {
  await expect(nearest(args)).rejects.toThrow(message);
});

test.for([
  ["and", '{"$and":[]}', "Filters should be a combination of `q.eq` and `q.or`."],
  ["text", '"text"', "Filters should be a combination of `q.eq` and `q.or`."],
  [
    "sides the wrong way round",
    '{"$eq":[{"$literal":1},{"$field":"kind"}]}',
    "`q.eq` must take a field path as its first argument and a value as its second",
  ],
])("a filter with %s is refused", async ([, expressions, message]) => {
  await expect(run("points:badFilter", { expressions })).rejects.toThrow(message);
});

const vectorTable = (index: object, documentType: unknown = { type: "any" }) =>
  schemaWith({
    vectorIndexes: [{ indexDescriptor: "by_at", ...INDEX, ...index }],
    stagedVectorIndexes: [],
    documentType,
  });
const objectOf = (fieldType: unknown) => ({
  type: "object",
  value: {
    at: { fieldType, optional: true },
    name: { fieldType: { type: "any" }, optional: true },
  },
});

test.for<[string, unknown, string]>([
  [
    "a field that the schema lacks",
    vectorTable({ vectorField: "elsewhere" }, objectOf({ type: "any" })),
    "because it references the field elsewhere that does not exist.",
  ],
  [
    "a field that holds no floats",
    vectorTable({}, objectOf({ type: "array", value: { type: "string" } })),
    "that is neither an array of float64 or optional array of float64.",
  ],
  [
    "two indexes of one field",
    schemaWith({
      vectorIndexes: ["one", "two"].map((indexDescriptor) => ({ indexDescriptor, ...INDEX })),
    }),
    "have the same `vectorField`.",
  ],
  [
    "a name used twice",
    schemaWith({ vectorIndexes: [{ indexDescriptor: "by_name", ...INDEX }] }),
    'two or more definitions of index "by_name"',
  ],
  [
    "an index without dimensions",
    vectorTable({ dimensions: "many" }),
    "has no vector field or dimensions.",
  ],
])("a schema with %s is refused", async ([, schema, message]) => {
  await expect(deployment.database.prepareSchema("", JSON.stringify(schema))).rejects.toThrow(
    message,
  );
});

test("a push says which vector indexes come, go and are staged", () => {
  const { database } = deployment;
  const index = {
    table: "points",
    name: "by_at",
    staged: false,
    definition: { kind: "vector", ...INDEX },
  };
  const gone = database.diffSchema("", JSON.stringify(schemaWith({ vectorIndexes: [] })));
  expect(gone.droppedIndexes).toEqual([index]);
  const staged = schemaWith({
    vectorIndexes: [],
    stagedVectorIndexes: [{ indexDescriptor: "by_at", ...INDEX }],
  });
  expect(database.diffSchema("", JSON.stringify(staged)).disabledIndexes).toEqual([
    { ...index, staged: true },
  ]);
  const { addedIndexes, droppedIndexes } = database.diffSchema(
    "",
    JSON.stringify(vectorTable({ dimensions: 4 })),
  );
  expect(addedIndexes).toMatchObject([{ name: "by_at", definition: { dimensions: 4 } }]);
  expect(droppedIndexes.map(({ name }) => name)).toEqual(["by_at", "later"]);
});
