import { afterAll, beforeAll, expect, test } from "vitest";

import { startTestBackend, type TestBackend } from "./test-backend.ts";
import { pushRequest } from "./test-project.ts";

let backend: TestBackend;
beforeAll(async () => {
  backend = await startTestBackend();
});
afterAll(() => backend.dispose());

const ENDPOINTS = [
  "POST /api/get_config_hashes",
  "POST /api/deploy2/start_push",
  "POST /api/deploy2/evaluate_push",
  "POST /api/deploy2/evaluate_schema",
  "POST /api/deploy2/wait_for_schema",
  "POST /api/deploy2/finish_push",
  "POST /api/deploy2/report_push_completed",
  "POST /api/update_environment_variables",
  "GET /api/v1/get_canonical_urls",
  "GET /api/stream_function_logs?cursor=0",
  "GET /api/check_admin_key",
  "POST /api/import/start_upload",
  "POST /api/import/upload_part?uploadToken=x&partNumber=1",
  "POST /api/import/finish_upload",
  "POST /api/perform_import",
  "POST /api/cancel_import",
  "POST /api/export/request/zip?includeStorage=true",
  "GET /api/export/zip/1",
] as const;

async function ask(endpoint: string, authorization: string | null, body = "{}") {
  const [method = "GET", path = "/"] = endpoint.split(" ");
  const response = await fetch(backend.url + path, {
    method,
    headers: authorization === null ? {} : { Authorization: authorization },
    ...(method === "GET" ? {} : { body }),
  });
  const text = await response.text();
  return { status: response.status, text };
}

test("whoever is no admin is refused everywhere, in the protocol's words", async () => {
  for (const endpoint of ENDPOINTS) {
    const nobody = await ask(endpoint, null);
    expect([endpoint, nobody.status]).toEqual([endpoint, 403]);
    expect(JSON.parse(nobody.text)).toMatchObject({ code: "BadDeployKey" });
    const wrong = await ask(endpoint, "Convex embedded|00");
    expect([endpoint, wrong.status]).toEqual([endpoint, 401]);
    expect(JSON.parse(wrong.text)).toMatchObject({ code: "BadAdminKey" });
  }
});

test("nonsense from an admin is refused, not failed on", async () => {
  const bodies = [
    "",
    "[]",
    "{",
    "{}",
    '{"import":7,"uploadToken":1}',
    '{"startPush":{},"changes":7}',
  ];
  for (const endpoint of ENDPOINTS) {
    for (const body of bodies) {
      const { status } = await ask(endpoint, `Convex ${backend.adminKey}`, body);
      expect([endpoint, body, status < 500]).toEqual([endpoint, body, true]);
    }
  }
});

test.each([
  ["a format that is none", { format: "xml", tableName: "t" }],
  ["a ZIP for one table", { format: "zip", tableName: "t" }],
  ["no table", { format: "csv" }],
  ["a system table", { format: "csv", tableName: "_storage" }],
  ["a bad table name", { format: "csv", tableName: "a b" }],
  ["a mode that is none", { format: "zip", mode: "merge" }],
  ["a bad component", { format: "zip", componentPath: "a//b" }],
])("an import with %s is refused before it begins", async (_, request) => {
  const uploadToken = "00000000-0000-0000-0000-000000000000";
  const body = JSON.stringify({ import: request, uploadToken, partTokens: [] });
  const { status } = await ask(
    "POST /api/import/finish_upload",
    `Convex ${backend.adminKey}`,
    body,
  );
  expect(status).toBe(400);
});

test("uploads take only what belongs to them", async () => {
  const admin = `Convex ${backend.adminKey}`;
  const part = (token: string, number: string) =>
    ask(`POST /api/import/upload_part?uploadToken=${token}&partNumber=${number}`, admin, "x");
  const { uploadToken } = JSON.parse((await ask("POST /api/import/start_upload", admin)).text) as {
    readonly uploadToken: string;
  };
  expect((await part("nonsense", "1")).status).toBe(400);
  expect((await part(uploadToken, "0")).status).toBe(400);
  expect((await part(uploadToken, "1.5")).status).toBe(400);
  expect((await part(uploadToken, "10001")).status).toBe(400);
  expect((await part(uploadToken, "1")).status).toBe(200);
  const body = { import: { format: "zip" }, uploadToken, partTokens: ["../../instance.json"] };
  const finished = await ask("POST /api/import/finish_upload", admin, JSON.stringify(body));
  expect(JSON.parse(finished.text)).toMatchObject({ code: "InvalidUpload" });
  const unknown = await ask("POST /api/perform_import", admin, '{"importId":"nothing"}');
  expect(JSON.parse(unknown.text)).toMatchObject({ code: "ImportNotFound" });
  const missing = await ask("GET /api/export/zip/12", admin);
  expect([missing.status, JSON.parse(missing.text)]).toMatchObject([
    404,
    { code: "ExportNotFound" },
  ]);
});

const COUNTER = (step: number) => ({
  schema: `
    import { defineSchema, defineTable } from "convex/server";
    import { v } from "convex/values";
    export default defineSchema({ counters: defineTable({ n: v.number() }).index("by_n", ["n"]) });
  `,
  counters: `
    import { mutationGeneric } from "convex/server";
    export const step = mutationGeneric(() => ${step});
  `,
});

test("a push goes on after a restart between its steps", async () => {
  const ask = async (path: string, body: object): Promise<Record<string, unknown>> => {
    const headers = { Authorization: `Convex ${backend.adminKey}` };
    const answer = await backend.post(`/api/deploy2/${path}`, body, headers);
    if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
    return answer.body as Record<string, unknown>;
  };
  const startPush = await ask("start_push", await pushRequest(COUNTER(1)));
  backend = await backend.restart();
  const { schemaChange } = startPush;
  expect(await ask("wait_for_schema", { schemaChange })).toEqual({ type: "complete" });
  backend = await backend.restart();
  await ask("finish_push", { startPush });
  expect(await backend.run("counters:step")).toBe(1);
  await expect(ask("finish_push", { startPush })).rejects.toThrow("RaceDetected");

  const overtaken = await ask("start_push", await pushRequest(COUNTER(2)));
  await backend.setVariables({ CHANGED: "1" });
  backend = await backend.restart();
  await expect(ask("finish_push", { startPush: overtaken })).rejects.toThrow("RaceDetected");
  expect(await backend.run("counters:step")).toBe(1);
});
