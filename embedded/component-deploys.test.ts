import { expect, onTestFinished, test, vi } from "vitest";

import type { TestSources } from "./functions/test-deployment.ts";
import { startTestBackend, type TestBackend } from "./test-backend.ts";
import { componentsProject } from "./test-components.ts";
import { pushRequest } from "./test-project.ts";

const SECOND = 'app.use(counter, { name: "second", env: { LABEL: "two" } });\n';
const withoutSecond = () => componentsProject({ "convex.config": [[SECOND, ""]] });

async function start(sources: TestSources = componentsProject()): Promise<TestBackend> {
  const backend = await startTestBackend();
  onTestFinished(() => backend.dispose());
  await backend.deploy(sources);
  return backend;
}

const adminHeaders = (backend: TestBackend) => ({ Authorization: `Convex ${backend.adminKey}` });

interface Push {
  readonly schemaChange: unknown;
  readonly indexDiffs?: unknown;
}

/** The steps of a push, one by one. */
function stepsOf(backend: TestBackend) {
  const post = (step: string, body: unknown) =>
    backend.post(`/api/deploy2/${step}`, body, adminHeaders(backend));
  return {
    start: async (sources: TestSources) => {
      const { status, body } = await post("start_push", await pushRequest(sources));
      expect([status, body]).toEqual([200, body]);
      return body as Push;
    },
    wait: async ({ schemaChange }: Push) => (await post("wait_for_schema", { schemaChange })).body,
    finish: async (startPush: Push) => (await post("finish_push", { startPush })).body,
  };
}

/** The refusal of a push as the command line shows it. */
async function refusal(backend: TestBackend, sources: TestSources): Promise<unknown> {
  const request = await pushRequest(sources);
  const { body } = await backend.post("/api/deploy2/start_push", request, adminHeaders(backend));
  return body;
}

const componentDiffs = (reply: unknown) => {
  const { componentDiffs: diffs } = reply as {
    componentDiffs: Record<string, { diffType: { type: string } }>;
  };
  return Object.fromEntries(
    Object.entries(diffs).map(([path, { diffType }]) => [path, diffType.type]),
  );
};

test("an unmounted component keeps its rows, and has them again when it is mounted again", async () => {
  const backend = await start();
  const { start: startPush, wait, finish } = stepsOf(backend);
  await backend.run("app:add", { which: "second", name: "kept" });

  const unmount = await startPush(withoutSecond());
  expect(await wait(unmount)).toEqual({ type: "complete" });
  const unmounted = await finish(unmount);
  expect(unmounted).toMatchObject({
    componentDiffs: { second: { cronDiff: { deleted: ["tick"] } } },
  });
  expect(componentDiffs(unmounted)).toEqual({
    "": "modify",
    first: "modify",
    "first/ledger": "modify",
    second: "unmount",
    "second/ledger": "unmount",
  });
  await expect(backend.run("app:counts", { name: "kept" })).rejects.toThrow(
    /child component "second" not found/,
  );
  const rows = await systemQuery(backend, "cli/tableData", "second", {
    table: "counts",
    order: "asc",
    paginationOpts: { cursor: null, numItems: 10 },
  });
  expect(rows).toMatchObject({ page: [{ name: "kept", count: 1 }] });
  expect(await mountStates(backend)).toMatchObject({ second: "unmounted", first: "active" });

  const remount = await startPush(componentsProject());
  expect(componentDiffs(await finish(remount))).toMatchObject({
    second: "remount",
    "second/ledger": "remount",
  });
  expect(await backend.run("app:counts", { name: "kept" })).toMatchObject({
    second: 1,
    secondLedger: 1,
  });
  expect(await mountStates(backend)).toMatchObject({ second: "active" });
}, 60_000);

test("cron jobs and scheduled functions of an unmounted component do not run", async () => {
  const backend = await start();
  const headers = adminHeaders(backend);
  const schedule = { componentPath: "second", path: "public:schedule" };
  const args = { name: "late", delayMs: 60_000 };
  await backend.post("/api/function", { ...schedule, args }, headers);
  await backend.deploy(withoutSecond());
  backend.clock.offsetMs += 32 * 24 * 3_600_000;
  await backend.run("app:wakeScheduler");
  const counts = () =>
    systemQuery(backend, "cli/tableData", "first", {
      table: "counts",
      paginationOpts: { cursor: null, numItems: 10 },
    });
  await vi.waitFor(
    async () => expect(await counts()).toMatchObject({ page: [{ name: "ticks" }] }),
    {
      timeout: 10_000,
    },
  );
  await backend.deploy(componentsProject());
  expect(await backend.run("app:counts", { name: "ticks" })).toMatchObject({ first: 1, second: 0 });
  expect(await backend.run("app:counts", { name: "late" })).toMatchObject({ second: 0 });
}, 60_000);

test("handles outlive deploys and restarts, and end with their function", async () => {
  const backend = await startTestBackend();
  await backend.deploy(componentsProject());
  const handle = (await backend.run("app:keepHandle", { key: "bump" })) as string;
  expect(handle).toMatch(/^function:\/\/[0-9a-f]+#hidden:bump$/);
  await backend.deploy(componentsProject({ "counter/hidden": [["+ 1;", "+ 100;"]] }));
  expect(await backend.run("app:useHandle", { key: "bump", name: "h" })).toBe(100);

  const restarted = await backend.restart();
  onTestFinished(() => restarted.dispose());
  expect(await restarted.run("app:useHandle", { key: "bump", name: "h" })).toBe(200);

  const renamed = componentsProject({
    "convex.config": [['name: "first"', 'name: "third"']],
  });
  await restarted.deploy(renamed);
  const gone = restarted.run("app:useHandle", { key: "bump", name: "h" });
  await expect(gone).rejects.toThrow("Function handle not found");
  await restarted.deploy(componentsProject());
  expect(await restarted.run("app:useHandle", { key: "bump", name: "h" })).toBe(201);
});

test("a schema that rows of one mount do not fit is refused by component, and nothing changes", async () => {
  const backend = await start();
  await backend.run("app:add", { which: "second", name: "row" });
  const { page } = (await systemQuery(backend, "cli/tableData", "second", {
    table: "counts",
    order: "asc",
    paginationOpts: { cursor: null, numItems: 10 },
  })) as { readonly page: readonly { readonly _id: string }[] };
  const stricter = componentsProject({
    "counter/schema": [["name: v.string(), count", "name: v.string(), since: v.number(), count"]],
    app: [["the app fails", "the app fails in new words"]],
  });
  const { start: startPush, wait, finish } = stepsOf(backend);
  const push = await startPush(stricter);
  expect(await wait(push)).toEqual({
    type: "failed",
    componentPath: "second",
    tableName: "counts",
    error: expect.stringContaining(
      `Document with ID "${page[0]?._id}" in table "counts"`,
    ) as string,
  });
  expect(await finish(push)).toMatchObject({ code: "SchemaValidationFailed" });
  const failing = backend.run("app:addAndFail", { which: "first", name: "row" });
  await expect(failing).rejects.toThrow(/the app fails\n/);
  expect(await backend.run("app:add", { which: "second", name: "row" })).toBe(2);
});

test("indexes are built for the rows of every mount before the new code can ask for them", async () => {
  const backend = await start();
  for (const which of ["first", "second"]) {
    for (const name of ["a", "b"]) await backend.run("app:add", { which, name });
  }
  const indexed = componentsProject({
    "counter/schema": [
      ['.index("by_name", ["name"])', '.index("by_name", ["name"]).index("by_count", ["count"])'],
    ],
    "counter/public": [
      [
        '.withIndex("by_name", (q) => q.eq("name", name))\n      .unique();\n    return found?.count ?? 0;',
        '.withIndex("by_count", (q) => q.eq("count", 1))\n      .collect();\n    return found.length;',
      ],
    ],
  });
  const push = await stepsOf(backend).start(indexed);
  const added = { added_indexes: [{ name: "counts.by_count", fields: ["count"] }] };
  expect(push).toMatchObject({
    schemaChange: {
      indexDiffs: { first: added, second: added, "first/ledger": { added_indexes: [] } },
    },
  });
  await backend.deploy(indexed);
  expect(await backend.run("app:counts", { name: "a" })).toMatchObject({ first: 2, second: 2 });
});

test("other variables for a mount take effect with the deploy", async () => {
  const backend = await start();
  const label = async () =>
    ((await backend.run("app:environment", { which: "second" })) as { label: string }).label;
  expect(await label()).toBe("two");
  await backend.deploy(componentsProject({ "convex.config": [['"two"', '"deux"']] }));
  expect(await label()).toBe("deux");
  expect(await backend.run("app:environmentInAction", { which: "second" })).toMatchObject({
    label: "deux",
  });
});

test("a dry run tells what would change and changes nothing", async () => {
  const backend = await start(withoutSecond());
  const headers = adminHeaders(backend);
  const request = { ...(await pushRequest(componentsProject())), dryRun: true };
  const startPush = (await backend.post("/api/deploy2/start_push", request, headers)).body;
  const reply = (await backend.post("/api/deploy2/finish_push", { startPush }, headers)).body;
  expect(componentDiffs(reply)).toMatchObject({ second: "create" });
  expect(await mountStates(backend)).toEqual({
    "": "active",
    first: "active",
    "first/ledger": "active",
  });
});

test("a push is compared with the versions that the last one was made with", async () => {
  const backend = await startTestBackend();
  onTestFinished(() => backend.dispose());
  const headers = adminHeaders(backend);
  const hashes = async () => (await backend.post("/api/get_config_hashes", {}, headers)).body;
  expect(await hashes()).toMatchObject({ udfServerVersion: null });
  expect(await hashes()).not.toHaveProperty("nodeVersion");

  const pushed = async (request: object) => {
    const startPush = (await backend.post("/api/deploy2/start_push", request, headers)).body;
    const { body } = await backend.post("/api/deploy2/finish_push", { startPush }, headers);
    return body as { componentDiffs: Record<string, object> };
  };
  const request = (await pushRequest(componentsProject())) as { readonly appDefinition: object };
  const appDefinition = { ...request.appDefinition, udfServerVersion: "1.40.0" };
  const first = await pushed({ ...request, appDefinition, nodeVersion: "22" });
  expect(first.componentDiffs[""]).toHaveProperty("udfConfigDiff", null);
  expect(await hashes()).toMatchObject({ udfServerVersion: "1.40.0", nodeVersion: "22" });

  const diff = { previous_version: "1.40.0", next_version: "1.48.0" };
  const tried = await pushed({ ...request, dryRun: true });
  expect(tried.componentDiffs[""]).toHaveProperty("udfConfigDiff", diff);
  expect(await hashes()).toMatchObject({ udfServerVersion: "1.40.0", nodeVersion: "22" });
  const second = await pushed(request);
  expect(second.componentDiffs["first"]).toHaveProperty("udfConfigDiff", diff);
  expect(await hashes()).toMatchObject({ udfServerVersion: "1.48.0" });
  expect(await hashes()).not.toHaveProperty("nodeVersion");
});

test.each<[string, Parameters<typeof componentsProject>[0], object]>([
  [
    "a component without a variable that it needs",
    { "convex.config": [[', env: { LABEL: "two" }', ""]] },
    { code: "TypecheckError", message: expect.stringMatching(/"second" is missing .*"LABEL"/) },
  ],
  [
    "two components of one name",
    { "convex.config": [['name: "second"', 'name: "first"']] },
    { code: "TypecheckError" },
  ],
  [
    "a component whose modules fail",
    {
      "counter/hidden": [
        ["export const bump", 'throw new Error("broken component");\nexport const bump'],
      ],
    },
    { code: "InvalidModules", message: expect.stringMatching(/broken component/) },
  ],
  [
    "definitions that use each other",
    {
      "ledger/convex.config": [
        [
          "export default defineComponent(",
          'import counter from "../counter/convex.config";\nconst component = defineComponent(',
        ],
        ["});\n", "});\ncomponent.use(counter);\nexport default component;\n"],
      ],
    },
    { code: "CyclicImport" },
  ],
  [
    "a definition that exports something else",
    {
      "ledger/convex.config": [
        ["export default defineComponent(", "defineComponent("],
        ["});\n", "});\nexport default { name: 1 };\n"],
      ],
    },
    { code: "InvalidModules" },
  ],
])("a push is refused for %s", async (_, edits, refused) => {
  const backend = await startTestBackend();
  onTestFinished(() => backend.dispose());
  expect(await refusal(backend, componentsProject(edits))).toMatchObject(refused);
});

test("a push waits for variables that the app requires, and refuses those that do not fit", async () => {
  const required = componentsProject({
    "convex.config": [
      ["GREETING: v.optional(v.string())", 'GREETING: v.union(v.literal("hi"), v.literal("ho"))'],
    ],
  });
  const backend = await startTestBackend();
  onTestFinished(() => backend.dispose());
  const { start: startPush, finish } = stepsOf(backend);
  expect(await finish(await startPush(required))).toMatchObject({
    code: "MissingEnvironmentVariables",
    message: expect.stringMatching(/GREETING/) as string,
  });
  await backend.setVariables({ GREETING: "hello" });
  expect(await refusal(backend, required)).toMatchObject({ code: "InvalidEnvironmentVariable" });
  await backend.setVariables({ GREETING: "hi" });
  await backend.deploy(required);
  expect(await backend.run("app:environment", { which: "first" })).toHaveProperty("greeting", "hi");
  const unfit = backend.setVariables({ GREETING: "hello" });
  await expect(unfit).rejects.toThrow(/GREETING does not match its declared validator/);
});

async function systemQuery(
  backend: TestBackend,
  path: string,
  componentPath: string,
  args: object,
): Promise<unknown> {
  const request = { path: `_system/${path}`, componentPath, args };
  const { body } = await backend.post("/api/query", request, adminHeaders(backend));
  return (body as { value: unknown }).value;
}

async function mountStates(backend: TestBackend): Promise<Record<string, string>> {
  const mounts = await systemQuery(backend, "frontend/components:list", "", {});
  return Object.fromEntries(
    (mounts as { path: string; state: string }[]).map(({ path, state }) => [path, state]),
  );
}
