import { expect, test } from "vitest";

import { CodeCache } from "../modules/code-cache.ts";
import type { PushedProject } from "../modules/analyze.ts";
import { PLAIN_APP } from "../modules/component-definition.ts";
import type { AnalyzedModule } from "../modules/module-probe.ts";
import type { PushedModule } from "../modules/module-store.ts";
import { createCodeAnalyzer } from "../runtime/module-evaluator.ts";
import { bundleSources, type TestSources } from "./test-deployment.ts";

const analyze = createCodeAnalyzer({
  codeCache: new CodeCache(),
  clock: { now: () => 1_800_000_000_000 },
  deployment: { name: "test", cloudUrl: "http://cloud", siteUrl: "http://site" },
});

function projectOf(
  modules: readonly PushedModule[],
  schema: PushedModule | null = null,
  definition: PushedModule | null = null,
): PushedProject {
  const app = { modules, schema, definition, dependencies: [] };
  return { app, components: [], isForCodegen: false };
}

async function push(
  sources: TestSources,
  variables: Readonly<Record<string, string>> = {},
  { schema, definition }: { schema?: string; definition?: string } = {},
) {
  const single = async (path: string, source: string | undefined) =>
    source === undefined ? null : (await bundleSources({ [path]: source }))[0]!;
  const modules = await bundleSources(sources);
  const project = projectOf(
    modules,
    await single("schema", schema),
    await single("convex.config", definition),
  );
  const { definitions, ...rest } = await analyze(project, new Map(Object.entries(variables)));
  const analyzed = { ...rest, ...definitions.get("")! };
  const modulesByPath = new Map(
    analyzed.modules.map(({ module, analysisJson }) => [
      module.path,
      JSON.parse(analysisJson) as AnalyzedModule,
    ]),
  );
  return { ...analyzed, modulesByPath };
}

test("functions are reported with type, visibility and validators", async () => {
  const { modulesByPath } = await push({
    "dir/things": `
      import { queryGeneric as query, internalMutationGeneric as internalMutation, actionGeneric as action, httpActionGeneric } from "convex/server";
      import { v } from "convex/values";
      export const list = query({ args: { n: v.number() }, returns: v.null(), handler: async () => null });
      export const write = internalMutation(async () => {});
      export const act = action({ args: {}, handler: async () => {} });
      export const handler = httpActionGeneric(async () => new Response());
      export const helper = () => 1;
    `,
  });
  const { functions } = modulesByPath.get("dir/things.js")!;
  expect(
    functions.map(({ name, udfType, visibility }) => [name, udfType, visibility?.kind]).sort(),
  ).toEqual([
    ["act", "Action", "public"],
    ["list", "Query", "public"],
    ["write", "Mutation", "internal"],
  ]);
  const list = functions.find(({ name }) => name === "list")!;
  expect(JSON.parse(list.args!)).toEqual({
    type: "object",
    value: { n: { fieldType: { type: "number" }, optional: false } },
  });
  expect(JSON.parse(list.returns!)).toEqual({ type: "null" });
  expect(JSON.parse(functions.find(({ name }) => name === "write")!.args!)).toEqual({
    type: "any",
  });
});

test("routes, crons, schema, definition and auth providers are reported", async () => {
  const { modulesByPath, cronSpecs, schemaJson, providersJson, definition } = await push(
    {
      http: `
        import { httpRouter, httpActionGeneric as httpAction } from "convex/server";
        const http = httpRouter();
        http.route({ path: "/a", method: "GET", handler: httpAction(async () => new Response()) });
        http.route({ pathPrefix: "/b/", method: "POST", handler: httpAction(async () => new Response()) });
        export default http;
      `,
      crons: `
        import { cronJobs, makeFunctionReference as ref } from "convex/server";
        const crons = cronJobs();
        crons.interval("sweep", { minutes: 5 }, ref("jobs:sweep"), { deep: true });
        crons.daily("report", { hourUTC: 4, minuteUTC: 30 }, ref("jobs:report"));
        export default crons;
      `,
      jobs: `
        import { internalActionGeneric as action, internalMutationGeneric as mutation } from "convex/server";
        export const sweep = mutation(async () => null);
        export const report = action(async () => null);
      `,
      "auth.config": `export default { providers: [{ domain: process.env.CONVEX_SITE_URL, applicationID: process.env.APP }] };`,
    },
    { APP: "convex" },
    {
      schema: `
        import { defineSchema, defineTable } from "convex/server";
        import { v } from "convex/values";
        export default defineSchema({ notes: defineTable({ text: v.string() }).index("by_text", ["text"]) });
      `,
      definition: `
        import { defineApp } from "convex/server";
        import { v } from "convex/values";
        export default defineApp({ env: { KEY: v.string() } });
      `,
    },
  );
  expect(modulesByPath.get("http.js")!.httpRoutes!.map(({ route }) => route)).toEqual([
    { path: "/a", method: "GET" },
    { path: "/b/*", method: "POST" },
  ]);
  expect(Object.fromEntries(cronSpecs)).toMatchObject({
    sweep: {
      name: "jobs:sweep",
      args: [{ deep: true }],
      schedule: { type: "interval", minutes: 5 },
    },
    report: { schedule: { type: "daily", hourUTC: 4, minuteUTC: 30 } },
  });
  expect(modulesByPath.get("crons.js")!.cronSpecs).toHaveLength(2);
  const schema = JSON.parse(schemaJson!) as { tables: { tableName: string; indexes: unknown[] }[] };
  expect(schema.tables[0]).toMatchObject({
    tableName: "notes",
    indexes: [{ indexDescriptor: "by_text", fields: ["text"] }],
  });
  expect(JSON.parse(providersJson)).toEqual([{ domain: "http://site", applicationID: "convex" }]);
  expect(definition.exported).toMatchObject({ definitionType: { type: "app" } });
});

test("without the optional modules there is nothing to report", async () => {
  const found = await push({ a: "export const x = 1;" });
  expect(found).toMatchObject({ schemaJson: null, providersJson: "[]", definition: PLAIN_APP });
  expect(found.cronSpecs.size).toBe(0);
});

test("an unset variable in auth.config fails the push in Convex's words", async () => {
  await expect(
    push({
      "auth.config": `export default { providers: [{ domain: process.env.MISSING, applicationID: "x" }] };`,
    }),
  ).rejects.toMatchObject({
    code: "AuthConfigMissingEnvironmentVariable",
    message: "Environment variable MISSING is used in auth config file but its value was not set",
  });
});

const cronsOf = (path: string) => `
  import { cronJobs, makeFunctionReference as ref } from "convex/server";
  const crons = cronJobs();
  crons.hourly("job", { minuteUTC: 1 }, ref("${path}"));
  export default crons;
`;

test.each<[string, TestSources, string]>([
  [
    "a module that throws",
    { a: `throw new Error("at import");` },
    "Failed to analyze a.js: Uncaught Error: at import",
  ],
  ["http without a router", { http: `export default 1;` }, "is not a Router"],
  ["crons of the wrong kind", { crons: `export default {};` }, "is not made by `cronJobs()`"],
  [
    "a cron job of a module that is not there",
    { crons: cronsOf("jobs:sweep") },
    "The cron job 'job' schedules a function that does not exist: jobs.js:sweep",
  ],
  [
    "a cron job of a function that is not there",
    { crons: cronsOf("jobs:sweep"), jobs: "export const sweep = 1;" },
    "The cron job 'job' schedules a function that does not exist: jobs.js:sweep",
  ],
  [
    "a cron job of a query",
    {
      crons: cronsOf("jobs"),
      jobs: `import { queryGeneric } from "convex/server"; export default queryGeneric(async () => 1);`,
    },
    "The cron job 'job' schedules a query function, only actions and mutations can be scheduled: " +
      "jobs.js:default",
  ],
  [
    "a query on Node",
    {
      a: `"use node"; import { queryGeneric } from "convex/server"; export const q = queryGeneric(async () => 1);`,
    },
    "`q` defined in `a.js` is a Query function. Only actions can be defined in Node.js.",
  ],
  [
    "a Node module that throws",
    { a: `"use node"; throw new TypeError("on node");` },
    "Failed to analyze a.js: Uncaught TypeError: on node",
  ],
  [
    "a syscall at import time",
    {
      a: `import { performance as p } from "x"; Convex.syscall("1.0/queryStream", "{}");`.replace(
        /^import[^;]*;/,
        "",
      ),
    },
    "unsupported at import time",
  ],
  ["auth.config without providers", { "auth.config": `export default {};` }, "list of `providers`"],
])(
  "%s fails the push",
  async (_, sources, message) => {
    await expect(push(sources)).rejects.toThrow(message);
  },
  30_000,
);

test("text that is no module fails with its place", async () => {
  const module = { path: "bad.js", source: "export const = 1;", environment: "isolate" } as const;
  await expect(analyze(projectOf([module]), new Map())).rejects.toThrow(
    /Failed to load bad\.js:.*bad\.js:1:13/s,
  );
});

test("a Node module may import built-ins, an isolate module may not", async () => {
  const source = `import { createHash } from "node:crypto"; import { actionGeneric } from "convex/server"; export const a = actionGeneric(async () => createHash("md5"));`;
  const { modulesByPath } = await push({ a: `"use node"; ${source}` });
  expect(modulesByPath.get("a.js")!.functions).toHaveLength(1);
  const isolate = {
    path: "b.js",
    source: `import "node:crypto";`,
    environment: "isolate",
  } as const;
  await expect(analyze(projectOf([isolate]), new Map())).rejects.toThrow(
    'Could not resolve "node:crypto"',
  );
});

test("an endless module fails the push, and the engine goes on meanwhile", async () => {
  let ticks = 0;
  const timer = setInterval(() => (ticks += 1), 10);
  const problem = "Failed to analyze a.js: The code kept its thread busy for more than 15 seconds";
  await expect(push({ a: "for (;;) {}" })).rejects.toThrow(problem);
  clearInterval(timer);
  expect(ticks).toBeGreaterThan(100);
});

test("what loops only in the engine keeps it for not much longer than any function may", async () => {
  // A thread has run for a while when it evaluates modules; in the engine the clock stands still.
  const source = `
    const before = performance.now();
    for (let n = 0; n < 5e7 && performance.now() === before; n += 1);
    if (performance.now() === before) for (;;);
  `;
  await expect(push({ a: source })).rejects.toThrow("its evaluation takes too long");
}, 14_000);
