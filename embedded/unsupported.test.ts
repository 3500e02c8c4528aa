/** What the table "What is not supported" of docs/embedded.md says that happens, a test for each row. */
import { readFileSync } from "node:fs";

import { afterAll, beforeAll, expect, test } from "vitest";

import { startTestBackend, type TestBackend } from "./test-backend.ts";
import { createCliProject, type CliProject } from "./test-cli-project.ts";
import { pushRequest } from "./test-project.ts";

let backend: TestBackend;
let project: CliProject;
beforeAll(async () => {
  backend = await startTestBackend();
  project = createCliProject("notes", () => backend);
  await backend.deploy({
    meta: `
      import { mutation, query } from "./_generated/server";
      let calls = 0;
      export const count = mutation({ handler: () => (calls += 1) });
      export const deployment = query({ handler: (ctx) => ctx.meta.getDeploymentMetadata() });
    `,
  });
}, 60_000);
afterAll(async () => {
  await backend.dispose();
  project.dispose();
});

/** By what the row's first cell says. */
const ROWS: Readonly<Record<string, () => Promise<void>>> = {
  "the dashboard": async () => {
    const { err } = await project.convex("dashboard");
    expect(err).toContain("is not supported for self-hosted deployments");
  },
  "`npx convex run --inline-query`": async () => {
    const inline = ["run", "--inline-query", 'await ctx.db.query("notes").take(1)'];
    const { code, err } = await project.convex(...inline);
    expect(code).toBe(1);
    expect(err).toContain("Inline queries are not supported by this deployment");
    expect(err).not.toContain("retrying");
    const unknown = await backend.post("/api/run_test_function", {});
    expect(unknown.status).toBe(403);
  },
  // The command line asks this address again for half a minute before it gives up.
  "`npx convex network-test`": () => expectNothingAt("/echo"),
  "`npx convex insights`, usage, billing, teams, previews": async () => {
    const [insights, preview] = await Promise.all([
      project.convex("insights"),
      project.convex("deploy", "--preview-create", "branch"),
    ]);
    expect([insights.code, preview.code]).toEqual([1, 1]);
    expect(insights.err).toContain("Insights are only available for cloud deployments");
    expect(preview.err).toContain("can only be created with preview deploy keys");
  },
  "log streams, exception reporting, streaming export": () =>
    expectNothingAt(
      "/api/v1/create_log_stream",
      "/api/v1/list_log_streams",
      "/api/document_deltas",
      "/api/list_snapshot",
      "/api/json_schemas",
      "/api/streaming_import/import_airbyte_records",
    ),
  "several machines, replicas": () =>
    expect(startTestBackend({ folder: backend.folder })).rejects.toThrow(/in use/),
  "`node.externalPackages` in `convex.json`": async () => {
    const request = await pushRequest({});
    const { status, body } = await asAdmin("/api/deploy2/start_push", {
      ...request,
      nodeDependencies: [{ name: "sharp", version: "0.35.5" }],
    });
    expect(status).toBe(400);
    expect(body).toMatchObject({
      code: "UnsupportedPush",
      message: expect.stringMatching(/remove `node\.externalPackages` .* bundled/) as string,
    });
  },
  "regions and deployment classes": async () => {
    const { region, class: deploymentClass } = (await backend.run("meta:deployment")) as {
      region: string | null;
      class: string;
    };
    expect([region, deploymentClass]).toEqual([null, "s16"]);
  },
  "a realm of its own for each call": async () => {
    expect(await backend.run("meta:count")).toBe(1);
    expect(await backend.run("meta:count")).toBe(2);
  },
};

test("every row of the table is shown here", () => {
  expect(Object.keys(ROWS)).toEqual(documentedRows());
});

test.for(documentedRows())(
  "%s: what happens is what the guide says",
  { timeout: 60_000 },
  async (row) => {
    expect.hasAssertions();
    await ROWS[row]?.();
  },
);

function documentedRows(): string[] {
  const guide = readFileSync("docs/embedded.md", "utf8");
  const [, section = ""] = guide.split("\n## What is not supported\n");
  const [table = ""] = section.split("\n\n`docs/");
  return [...table.matchAll(/^\| (.+?) +\| /gm)].map(([, cell = ""]) => cell).slice(2);
}

function asAdmin(path: string, body: unknown) {
  return backend.post(path, body, { Authorization: `Convex ${backend.adminKey}` });
}

/** Nothing to read, nothing to call. */
async function expectNothingAt(...paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const Authorization = `Convex ${backend.adminKey}`;
    const read = await fetch(backend.url + path, { headers: { Authorization } });
    expect([path, read.status, (await asAdmin(path, {})).status]).toEqual([path, 404, 404]);
  }
}
