import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync, truncateSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { connect as connectTo } from "node:net";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";

import { ConvexHttpClient } from "convex/browser";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";

import { fixtureSources, startTestBackend, type TestBackend } from "./test-backend.ts";
import { files } from "./test-functions.ts";

let backend: TestBackend;

beforeAll(async () => {
  backend = await startTestBackend();
  await backend.setVariables({ JWKS: '{"keys":[]}' });
  await backend.deploy(fixtureSources("notes"));
}, 60_000);
afterAll(() => backend.dispose());

const client = () => new ConvexHttpClient(backend.url, { logger: false });
const admin = () => ({ Authorization: `Convex ${backend.adminKey}` });
const sha256 = (text: string) => createHash("sha256").update(text).digest("base64");

/** Sends a request exactly as given, without what `fetch` would correct in it. */
function raw(path: string, headers: Record<string, string>, body = "", method = "POST") {
  return new Promise<{ status: number; headers: Record<string, unknown>; text: string }>(
    (resolve, reject) => {
      const outgoing = httpRequest(backend.url + path, { method, headers }, (incoming) => {
        let text = "";
        incoming.on("data", (chunk: Buffer) => (text += chunk.toString()));
        incoming.on("end", () => {
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text });
        });
      });
      outgoing.on("error", reject);
      outgoing.end(body);
    },
  );
}

test("a function call answers 200 with its value and its log lines", async () => {
  const answer = await backend.post("/api/mutation", {
    path: "notes:add",
    args: [{ author: "api", text: "hi" }],
    format: "convex_encoded_json",
  });
  expect(answer).toEqual({
    status: 200,
    body: { status: "success", value: expect.any(String), logLines: ["[LOG] 'adding' 'hi'"] },
  });
});

test("a function that throws answers 200 with the error's text", async () => {
  const answer = await backend.post("/api/mutation", { path: "notes:crash", args: {} });
  expect(answer.status).toBe(200);
  expect(answer.body).toMatchObject({
    status: "error",
    errorMessage: expect.stringMatching(
      /^\[Request ID: [0-9a-f]{16}\] Server Error\nUncaught Error: crashed on purpose/,
    ) as unknown,
  });
});

test("values come encoded or as plain JSON, as the caller asks", async () => {
  const ask = (format?: string) =>
    backend.post("/api/query", { path: "notes:int64", args: {}, ...(format ? { format } : {}) });
  expect((await ask("convex_encoded_json")).body).toMatchObject({
    value: { $integer: "KgAAAAAAAAA=" },
  });
  expect((await ask("json")).body).toMatchObject({ value: "42" });
  expect((await ask()).body).toMatchObject({ value: "42" });
  expect(await ask("xml")).toMatchObject({ status: 400, body: { code: "BadFormat" } });
});

test("a long answer is the same however often it is asked for, and new after a change", async () => {
  const long = "Grüße 🙂 ".repeat(500);
  const add = (text: string) =>
    backend.post("/api/mutation", { path: "notes:add", args: { author: "long", text } });
  const list = async (format: string) => {
    const body = { path: "notes:list", args: { author: "long" }, format };
    return (await backend.post("/api/query", body)).body as { value: { text: string }[] };
  };
  const texts = async (format = "convex_encoded_json") =>
    (await list(format)).value.map(({ text }) => text);
  await add(long);
  for (let asked = 0; asked < 4; asked += 1) expect(await texts()).toEqual([long]);
  expect(await texts("json")).toEqual([long]);
  await add("short");
  expect(await texts()).toEqual([long, "short"]);
});

test("a query can be asked by GET and a function by its address", async () => {
  const args = encodeURIComponent(JSON.stringify({ name: "by get" }));
  const response = await fetch(`${backend.url}/api/query?path=notes:counter&args=${args}`);
  expect(await response.json()).toEqual({ status: "success", value: 0 });
  const run = await backend.post("/api/run/notes/increment", { args: { name: "by address" } });
  expect(run.body).toEqual({ status: "success", value: 1 });
});

test("queries of a batch are answered in order, failures included", async () => {
  const { body } = await backend.post("/api/query_batch", {
    queries: [
      { path: "notes:counter", args: { name: "none" } },
      { path: "notes:missing", args: {} },
      { path: "notes:int64", args: {} },
    ],
  });
  expect(body).toMatchObject({
    results: [
      { status: "success", value: 0 },
      { status: "error" },
      { status: "success", value: "42" },
    ],
  });
});

test("a query at a timestamp does not see later writes", async () => {
  const ts = (await backend.post("/api/query_ts", {})).body as { ts: string };
  await backend.run("notes:increment", { name: "later" });
  const at = (body: object) =>
    backend.post("/api/query_at_ts", { path: "notes:counter", args: { name: "later" }, ...body });
  expect((await at(ts)).body).toMatchObject({ value: 0 });
  expect(await at({ ts: "/////////38=" })).toMatchObject({
    status: 400,
    body: { code: "OutOfRetention" },
  });
  expect((await at({ ts: "soon" })).status).toBe(400);
});

test("internal functions answer admins only", async () => {
  const call = { path: "notes:count", args: {} };
  expect((await backend.post("/api/function", call)).body).toMatchObject({ status: "error" });
  expect((await backend.post("/api/query", call)).body).toMatchObject({ status: "error" });
  expect((await backend.post("/api/function", call, admin())).body).toMatchObject({
    status: "success",
  });
});

test("an admin may act as someone", async () => {
  const identity = Buffer.from(JSON.stringify({ subject: "ada" })).toString("base64");
  const headers = { Authorization: `Convex ${backend.adminKey}:${identity}` };
  const answer = await backend.post("/api/query", { path: "notes:viewer", args: {} }, headers);
  expect(answer.body).toMatchObject({ value: "ada" });
});

test.each([
  ["no JSON", "/api/query", "{", 400],
  ["a list for a body", "/api/query", "[]", 400],
  ["no path", "/api/query", "{}", 400],
  ["arguments that are a number", "/api/mutation", '{"path":"notes:add","args":3}', 400],
  ["two arguments", "/api/mutation", '{"path":"notes:add","args":[{},{}]}', 400],
  ["a component without a key", "/api/query", '{"path":"a","args":{},"componentPath":"x"}', 403],
  ["an unknown address", "/api/nothing", "{}", 404],
  ["bad percent-encoding", "/api/run/%E0%A4%A", "{}", 400],
  ["arguments nested too deeply", "/api/mutation", nested(9_000), 400],
  ["a batch without end", "/api/query_batch", `{"queries":[${"{},".repeat(256)}{}]}`, 400],
  ["a method that fetch does not know", "/http/echo", "", 405, "TRACE"],
  ["a push without a key", "/api/deploy2/start_push", "{}", 403],
  ["a push with a wrong key", "/api/deploy2/start_push", '{"adminKey":"a|b"}', 401],
  ["variables without a key", "/api/update_environment_variables", '{"changes":[]}', 403],
  ["an upload without a token", "/api/storage/upload", "x", 401],
])("a request with %s gets a proper status", async (_, path, body, status, method = "POST") => {
  const answer = await raw(path, { "Content-Length": String(body.length) }, body, method);
  expect(answer.status).toBe(status);
  expect(JSON.parse(answer.text)).toEqual({
    code: expect.any(String) as unknown,
    message: expect.any(String) as unknown,
  });
});

/** A call, over HTTP or a socket, whose arguments `JSON.parse` reads but nothing else can walk. */
function nested(depth: number): string {
  const args = `[{"deep":${"[".repeat(depth)}${"]".repeat(depth)}}]`;
  return `{"type":"Mutation","requestId":1,"udfPath":"notes:add","path":"notes:add","args":${args}}`;
}

test("a foreign or expired token is refused with 401", async () => {
  const headers = { Authorization: "Bearer a.b.c" };
  const answer = await backend.post("/api/query", { path: "notes:viewer", args: {} }, headers);
  expect(answer).toMatchObject({ status: 401, body: { code: "InvalidAuthHeader" } });
});

test("a body that is too large is refused, compressed or not, and the server goes on", async () => {
  const large = JSON.stringify({ path: "notes:add", args: { text: "x".repeat(17 * 2 ** 20) } });
  for (const [encoding, body] of [
    ["br", brotliCompressSync(large)],
    ["gzip", gzipSync(large)],
  ] as const) {
    const response = await fetch(`${backend.url}/api/mutation`, {
      method: "POST",
      headers: { "Content-Encoding": encoding },
      body,
    });
    expect(response.status).toBe(413);
  }
  const unknown = await raw("/api/query", { "Content-Encoding": "lzma" }, "{}");
  expect(unknown.status).toBe(400);
  const garbled = await raw("/api/query", { "Content-Encoding": "br" }, "not brotli");
  expect(garbled.status).toBe(400);
  expect((await backend.post("/api/query", { path: "notes:int64", args: {} })).status).toBe(200);
});

test.each([
  ["a call", "/api/mutation"],
  ["a push without a key", "/api/deploy2/start_push"],
  ["an HTTP action", "/http/echo"],
])("an endless body of %s is refused while it is still being sent", async (_, path) => {
  const outgoing = httpRequest(backend.url + path, { method: "POST" });
  const answered = new Promise<number>((resolve, reject) => {
    outgoing.once("error", reject);
    outgoing.once("response", (incoming) => resolve(incoming.statusCode ?? 0));
  });
  const part = "x".repeat(2 ** 20);
  const send = () => outgoing.write(part, () => setImmediate(send));
  send();
  expect(await answered).toBe(413);
  outgoing
    .removeAllListeners("error")
    .on("error", () => undefined)
    .destroy();
  expect((await backend.post("/api/query", { path: "notes:int64", args: {} })).status).toBe(200);
});

test("a browser on another site may call, and is told so beforehand", async () => {
  const origin = "https://elsewhere.test";
  const preflight = await fetch(`${backend.url}/api/query`, {
    method: "OPTIONS",
    headers: { Origin: origin, "Access-Control-Request-Headers": "authorization,convex-client" },
  });
  expect(preflight.status).toBe(200);
  expect(preflight.headers.get("access-control-allow-origin")).toBe(origin);
  expect(preflight.headers.get("access-control-allow-headers")).toBe("authorization,convex-client");
  expect(preflight.headers.get("access-control-max-age")).toBe("86400");
  const { headers } = await raw(
    "/api/query",
    { Origin: origin },
    JSON.stringify({ path: "notes:int64", args: {} }),
  );
  expect(headers["access-control-allow-origin"]).toBe(origin);
});

async function upload(body: string, headers: Record<string, string> = {}) {
  const url = await client().mutation(files.generateUploadUrl, {});
  return fetch(url, { method: "POST", headers, body });
}

async function uploaded(body: string, headers: Record<string, string> = {}) {
  const response = await upload(body, headers);
  expect(response.status).toBe(200);
  const { storageId } = (await response.json()) as { storageId: string };
  const url = await client().query(files.url, { storageId });
  return { storageId, url: url! };
}

test("an uploaded file can be read, whole and in parts, by its address", async () => {
  const { url } = await uploaded("0123456789", { "Content-Type": "text/plain" });
  const whole = await fetch(url);
  expect(await whole.text()).toBe("0123456789");
  expect(Object.fromEntries(whole.headers)).toMatchObject({
    "content-type": "text/plain",
    "content-length": "10",
    digest: `sha-256=${sha256("0123456789")}`,
    "accept-ranges": "bytes",
    "cache-control": "private, max-age=2592000",
    "x-content-type-options": "nosniff",
  });
  for (const [range, text, contentRange] of [
    ["bytes=2-4", "234", "bytes 2-4/10"],
    ["bytes=7-", "789", "bytes 7-9/10"],
    ["bytes=-3", "789", "bytes 7-9/10"],
    ["bytes=8-99", "89", "bytes 8-9/10"],
  ] as const) {
    const part = await fetch(url, { headers: { Range: range } });
    expect([part.status, await part.text(), part.headers.get("content-range")]).toEqual([
      206,
      text,
      contentRange,
    ]);
    expect(part.headers.get("digest")).toBeNull();
  }
  for (const range of ["bytes=10-", "bytes=0-1,3-4", "bytes=5-2"]) {
    expect((await fetch(url, { headers: { Range: range } })).status).toBe(416);
  }
  const head = await fetch(url, { method: "HEAD" });
  expect([head.status, head.headers.get("content-length")]).toEqual([200, "10"]);
});

test("an upload whose digest differs is refused, one that fits is taken", async () => {
  const wrong = await upload("abc", { Digest: `sha-256=${sha256("abd")}` });
  expect([wrong.status, await wrong.json()]).toMatchObject([400, { code: "Sha256Mismatch" }]);
  await uploaded("abc", { Digest: `sha-256=${sha256("abc")}` });
});

test("an empty file is a file", async () => {
  const { url } = await uploaded("");
  const response = await fetch(url);
  expect([response.status, await response.text()]).toEqual([200, ""]);
});

test("a file that was cut off on the disk is refused, so that nobody waits for the rest", async () => {
  const { url } = await uploaded("cut off");
  const names = readdirSync(join(backend.folder, "files"), { recursive: true, encoding: "utf8" });
  const paths = names.map((name) => join(backend.folder, "files", name));
  const path = paths.find((at) => statSync(at).isFile() && readFileSync(at, "utf8") === "cut off");
  truncateSync(path!, 3);
  expect((await fetch(url)).status).toBe(500);
});

test("a deleted file has no address any more", async () => {
  const { storageId, url } = await uploaded("gone soon");
  await client().mutation(files.remove, { storageId });
  expect(await client().query(files.url, { storageId })).toBeNull();
  expect((await fetch(url)).status).toBe(404);
});

test.each(["nothing", "00000000-0000-0000-0000-000000000000", "..%2F..%2Finstance.json", ""])(
  "there is no file at %j",
  async (uuid) => {
    expect((await fetch(`${backend.url}/api/storage/${uuid}`)).status).toBe(404);
  },
);

test("an HTTP action gets the request as it was, at its address without the prefix", async () => {
  const response = await fetch(`${backend.url}/http/echo?q=1`, { method: "POST", body: "bytes" });
  expect(response.status).toBe(201);
  expect(await response.text()).toBe("bytes");
  expect(response.headers.get("x-url")).toBe(`${backend.url}/echo?q=1`);
  expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
  expect(response.headers.get("access-control-allow-origin")).toBeNull();
  expect((await fetch(`${backend.url}/http/count/anything`)).status).toBe(200);
  expect((await fetch(`${backend.url}/http/open`, { method: "HEAD" })).status).toBe(200);
  expect((await fetch(`${backend.url}/http/none`)).status).toBe(404);
  expect((await fetch(`${backend.url}/http/echo`)).status).toBe(404);
});

test("an Authorization header of another scheme troubles only HTTP actions that ask who calls", async () => {
  const headers = { Authorization: "Basic YTpi" };
  expect((await fetch(`${backend.url}/http/open`, { headers })).status).toBe(200);
  expect((await fetch(`${backend.url}/http/whoami`, { headers })).status).toBe(500);
  expect(await (await fetch(`${backend.url}/http/whoami`)).text()).toBe("nobody");
});

test("the deployment says what it is", async () => {
  expect((await fetch(backend.url)).status).toBe(200);
  expect(await (await fetch(`${backend.url}/instance_name`)).text()).toBe("embedded");
  expect((await fetch(`${backend.url}/version`)).status).toBe(200);
});

test("hostile bytes on the port leave the server standing", async () => {
  const bytes = [
    "\0\0\0\0",
    "GET / HTTP/9.9\r\n\r\n",
    "POST /api/query HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n{",
    "GET /api/1.48.0/sync HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    "GET // HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
  ];
  const { port } = new URL(backend.url);
  for (const text of bytes) {
    await new Promise<void>((resolve) => {
      const socket = connectTo(Number(port), "127.0.0.1", () => {
        socket.end(text);
        setTimeout(() => socket.destroy(), 50);
      });
      socket.on("error", () => undefined);
      socket.on("close", () => resolve());
    });
  }
  expect((await backend.post("/api/query", { path: "notes:int64", args: {} })).status).toBe(200);
});

test("oversized, binary and malformed frames close one socket and no other", async () => {
  const open = async () => {
    const socket = new WebSocket(`${backend.url.replace("http", "ws")}/api/1.48.0/sync`);
    await new Promise((resolve) => socket.once("open", resolve));
    const closed = new Promise<number>((resolve) => socket.once("close", resolve));
    return { socket, closed };
  };
  const witness = await open();
  const oversized = await open();
  oversized.socket.on("error", () => undefined);
  oversized.socket.send("x".repeat(21 * 2 ** 20));
  expect(await oversized.closed).toBe(1009);
  const binary = await open();
  const fatal = new Promise<string>((resolve) => {
    binary.socket.once("message", (data: Buffer) => resolve(data.toString()));
  });
  binary.socket.send(Buffer.from([1, 2, 3]));
  expect(JSON.parse(await fatal)).toMatchObject({ type: "FatalError" });
  expect(await binary.closed).toBe(1005);
  for (const text of ["[".repeat(100_000), nested(9_000)]) {
    const deep = await open();
    deep.socket.send(text);
    expect(await deep.closed).toBe(1005);
  }
  const answered = new Promise<string>((resolve) => {
    witness.socket.once("message", (data: Buffer) => resolve(data.toString()));
  });
  witness.socket.send(
    JSON.stringify({ type: "ModifyQuerySet", baseVersion: 0, newVersion: 1, modifications: [] }),
  );
  expect(JSON.parse(await answered)).toMatchObject({ type: "Transition" });
  witness.socket.close();
});
