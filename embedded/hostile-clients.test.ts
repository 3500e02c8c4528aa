import { request as httpRequest } from "node:http";
import { connect } from "node:net";

import fc from "fast-check";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { WebSocket } from "ws";

import { fixtureSources, startTestBackend, type TestBackend } from "./test-backend.ts";

/** Limits for this machine too, small enough to reach. */
const LIMITS = [
  "loopback=1",
  "socketsPerAddress=60",
  "connectsPerSecond=1000",
  "requestsPerSecond=5000",
  "messagesPerSecond=5000",
  "refusalsPerSecond=1000",
];
let backend: TestBackend;

beforeAll(async () => {
  backend = await startTestBackend({ limits: LIMITS });
  await backend.deploy(fixtureSources("notes"));
}, 60_000);
afterAll(() => backend.dispose());

/** A backend with other limits for one test. */
async function withLimits(limits: readonly string[], run: (backend: TestBackend) => Promise<void>) {
  const other = await startTestBackend({ limits: ["loopback=1", ...limits] });
  try {
    await run(other);
  } finally {
    await other.dispose();
  }
}

const isAlive = async ({ url } = backend) => (await fetch(`${url}/version`)).status === 200;

interface Closed {
  readonly code: number;
  readonly reason: string;
}

async function openSocket({ url } = backend) {
  const socket = new WebSocket(`${url.replace("http", "ws")}/api/1.48.0/sync`);
  const frames: { readonly type: string }[] = [];
  socket.on("message", (data: Buffer) => frames.push(JSON.parse(data.toString()) as never));
  const closed = new Promise<Closed>((resolve) => {
    socket.once("close", (code, reason) => resolve({ code, reason: reason.toString() }));
  });
  const opened = await new Promise<Error | null>((resolve) => {
    socket.once("open", () => resolve(null));
    socket.once("error", resolve);
  });
  socket.on("error", () => undefined);
  return { socket, frames, closed, refusal: opened };
}

/** Sends bytes as they are, and resolves to all that comes back until the connection ends. */
function sendRaw(bytes: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(backend.url).port), "127.0.0.1");
    let text = "";
    socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
    socket.once("close", () => resolve(text));
    socket.once("error", reject);
    socket.write(bytes);
  });
}

const bodyOf = (answer: string) => JSON.parse(answer.split("\r\n\r\n")[1] ?? "") as unknown;
const REFUSED = { code: expect.any(String) as string, message: expect.any(String) as string };

test.each([
  ["no HTTP at all", "\x16\x03\x01\x02\x00\r\n\r\n", 400],
  ["a header without end", `GET / HTTP/1.1\r\nHost: x\r\nX: ${"x".repeat(100_000)}`, 431],
  ["an address without end", `GET /${"x".repeat(100_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, 431],
  [
    "a body of two lengths",
    "POST /api/query HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    400,
  ],
  [
    "a chunk of no size",
    "POST /api/query HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    400,
  ],
])("%s gets a proper status and says so", async (_, bytes, status) => {
  const answer = await sendRaw(bytes);
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(bodyOf(answer)).toEqual(REFUSED);
  expect(await isAlive()).toBe(true);
});

test.each([
  ["deep arrays", "[".repeat(10_000_000)],
  ["deep objects", '{"a":'.repeat(3_000_000)],
  [
    "arguments that nest too deeply",
    `{"path":"a:b","args":{"a":${"[".repeat(99)}${"]".repeat(99)}}}`,
  ],
  ["no JSON", "\u0000".repeat(10)],
])("a body of %s is refused as bad", async (_, body) => {
  const answer = await backend.post("/api/query", body);
  expect(answer.status === 400 || (answer.body as { status: string }).status === "error").toBe(
    true,
  );
  expect(await isAlive()).toBe(true);
});

test("frames that are broken or huge end their own socket only, with the protocol's error", async () => {
  const witness = await openSocket();
  const cases: [string | Buffer, Partial<Closed>][] = [
    ["[".repeat(15_000_000), {}],
    [Buffer.from([1, 2, 3]), {}],
    [Buffer.from('{"type":"Event"}'), {}],
    ["x".repeat(21 * 1024 * 1024), { code: 1009 }],
  ];
  for (const [frame, expected] of cases) {
    const { socket, closed, frames } = await openSocket();
    socket.send(frame);
    const ended = await closed;
    expect(ended).toMatchObject(expected);
    expect(ended.reason).not.toMatch(/Internal/);
    if (expected.code === undefined) expect(frames.at(-1)?.type).toBe("FatalError");
  }
  expect(witness.socket.readyState).toBe(WebSocket.OPEN);
  witness.socket.close();
}, 60_000);

test("text that is not UTF-8 ends the socket with 1007", async () => {
  const { socket, closed } = await openSocket();
  socket.send(Buffer.from([0xff, 0xfe]), { binary: false });
  expect((await closed).code).toBe(1007);
});

/** Messages that are nearly right, and texts that are not. */
const json = fc.jsonValue({ maxDepth: 3 });
const nearly = (fields: Record<string, fc.Arbitrary<unknown>>) =>
  fc.record(fields, { requiredKeys: [] });
const modification = nearly({
  type: fc.constantFrom("Add", "Remove", "Change"),
  queryId: fc.oneof(fc.integer({ min: -1, max: 3 }), json),
  udfPath: fc.oneof(fc.constantFrom("notes:list", "notes:nothing", "_system/cli/tables", ""), json),
  args: fc.oneof(fc.array(json, { maxLength: 2 }), fc.constant([{ author: "a" }]), json),
  journal: fc.oneof(fc.constant(null), fc.string(), json),
  componentPath: fc.oneof(fc.constant(undefined), json),
});
const message = fc.oneof(
  nearly({
    type: fc.constant("Connect"),
    sessionId: fc.oneof(fc.uuid(), json),
    connectionCount: fc.nat(),
    lastCloseReason: json,
    maxObservedTimestamp: fc.oneof(fc.constant("AAAAAAAAAAA="), json),
  }),
  nearly({
    type: fc.constant("Authenticate"),
    baseVersion: fc.oneof(fc.constantFrom(0, 1), json),
    tokenType: fc.oneof(fc.constantFrom("User", "Admin", "None"), json),
    value: fc.oneof(fc.string(), json),
    impersonating: json,
  }),
  nearly({
    type: fc.constant("ModifyQuerySet"),
    baseVersion: fc.oneof(fc.constantFrom(0, 1), json),
    newVersion: fc.oneof(fc.constantFrom(1, 2), json),
    modifications: fc.oneof(fc.array(modification, { maxLength: 3 }), json),
  }),
  nearly({
    type: fc.constantFrom("Mutation", "Action", "Event", "Nothing"),
    requestId: fc.oneof(fc.nat(3), json),
    udfPath: fc.oneof(
      fc.constantFrom("notes:increment", "notes:add", "notes:twice", "a/../b:c"),
      json,
    ),
    args: fc.oneof(fc.array(json, { maxLength: 2 }), fc.constant([{ name: "a" }]), json),
    componentPath: fc.oneof(fc.constant(undefined), json),
  }),
);
const frame = fc.oneof(
  { weight: 4, arbitrary: message.map((value) => JSON.stringify(value)) },
  { weight: 1, arbitrary: fc.string({ unit: "binary" }) },
  { weight: 1, arbitrary: json.map((value) => JSON.stringify(value)) },
);

test("no frame, whatever is in it, is answered by an internal error", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(frame, { minLength: 1, maxLength: 6 }), async (texts) => {
      const { socket, frames, closed } = await openSocket();
      for (const text of texts) socket.send(text);
      // What follows is answered too, unless something before it ended the socket.
      const isDone = () =>
        frames.some(({ type }) => type === "Transition") || socket.readyState !== WebSocket.OPEN;
      socket.send('{"type":"ModifyQuerySet","baseVersion":0,"newVersion":1,"modifications":[]}');
      await vi.waitFor(() => expect(isDone()).toBe(true), { timeout: 10_000, interval: 2 });
      socket.close();
      expect((await closed).reason).toBe("");
    }),
    { numRuns: 150 },
  );
  expect(await isAlive()).toBe(true);
}, 120_000);

interface Answer {
  readonly status: number;
  readonly body: string;
}

function send(method: string, path: string, headers: Record<string, string>, body: Uint8Array) {
  return new Promise<Answer | null>((resolve) => {
    const { port } = new URL(backend.url);
    const all = { ...headers, "content-length": String(body.length) };
    const options = { port, host: "127.0.0.1", method, path, headers: all };
    const request = httpRequest(options, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (text += chunk));
      response.once("end", () => resolve({ status: response.statusCode ?? 0, body: text }));
      response.once("error", () => resolve(null));
    });
    request.once("error", () => resolve(null));
    request.end(body);
  });
}

const PATHS = [
  "/api/query",
  "/api/mutation",
  "/api/action",
  "/api/function",
  "/api/query_ts",
  "/api/query_at_ts",
  "/api/query_batch",
  "/api/run/notes/list",
  "/api/run/%ff/a",
  "/api/storage/upload?token=a",
  "/api/storage/x",
  "/api/deploy2/start_push",
  "/api/deploy2/finish_push",
  "/api/update_environment_variables",
  "/api/stream_function_logs?cursor=x",
  "/api/get_config_hashes",
  "/api/query?path=notes:list&args=[]",
  "/http",
  "/http//",
  "/http/%00?%",
  "/http/nothing",
  "//",
  "/..",
];
const pathSuffix = fc.oneof(
  { weight: 3, arbitrary: fc.constant("") },
  { weight: 1, arbitrary: fc.webQueryParameters().map((query) => `?${query}`) },
);
const body = fc.oneof(
  nearly({
    path: fc.oneof(fc.constantFrom("notes:list", "notes:add", "notes:twice"), json),
    args: fc.oneof(fc.constant({ author: "a" }), fc.array(json, { maxLength: 2 }), json),
    format: fc.oneof(fc.constantFrom("json", "convex_encoded_json"), json),
    ts: fc.oneof(fc.constant("AAAAAAAAAAA="), json),
    queries: fc.oneof(fc.array(nearly({ path: json, args: json }), { maxLength: 3 }), json),
    adminKey: json,
    changes: json,
  }).map((value) => Buffer.from(JSON.stringify(value))),
  json.map((value) => Buffer.from(JSON.stringify(value))),
  fc.uint8Array({ maxLength: 200 }),
);
const headers = nearly({
  authorization: fc.oneof(
    fc.constantFrom("Bearer a.b.c", "Convex a|b", "Convex a|b:e30=", "Basic eDp5"),
    fc.string({ unit: fc.constantFrom("a", " ", ".", "|", ":", "=") }),
  ),
  "content-encoding": fc.constantFrom("br", "gzip", "identity", "zstd"),
  "content-type": fc.constantFrom("application/json", "text/plain", "/"),
  digest: fc.constantFrom("sha-256=x", "md5=x"),
  range: fc.constantFrom("bytes=0-", "bytes=9-1,3-4", "x"),
  origin: fc.constantFrom("null", "http://x"),
  "x-forwarded-for": fc.constantFrom("1.2.3.4", ",", "x"),
});

test("no HTTP request, whatever is in it, is answered by an internal error", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("GET", "POST", "PUT", "HEAD", "OPTIONS", "DELETE", "TRACE"),
      fc.constantFrom(...PATHS),
      pathSuffix,
      headers,
      body,
      async (method, path, suffix, sent, bytes) => {
        const answer = await send(method, path + suffix, sent as Record<string, string>, bytes);
        expect(answer).not.toBeNull();
        expect(answer?.status).toBeLessThan(500);
        if (answer?.status === 400 && method !== "HEAD")
          expect(JSON.parse(answer.body)).toEqual(REFUSED);
      },
    ),
    { numRuns: 400 },
  );
  expect(await isAlive()).toBe(true);
}, 120_000);

test("requests, wrong keys and calls of one address are shed with 429", async () => {
  await withLimits(
    ["requestsPerSecond=20", "refusalsPerSecond=1", "callsPerSecond=3"],
    async (limited) => {
      const guess = () => limited.post("/api/query", {}, { Authorization: "Convex a|b" });
      const guesses = await Promise.all(Array.from({ length: 30 }, guess));
      const statuses = guesses.map(({ status }) => status);
      expect(new Set(statuses)).toEqual(new Set([401, 429]));
      expect(statuses.filter((status) => status === 401).length).toBeLessThan(15);

      const call = () => limited.post("/api/mutation", { path: "a:b", args: {} });
      const calls = await Promise.all(Array.from({ length: 60 }, call));
      const refused = calls.find(({ status }) => status === 429);
      expect(refused?.body).toEqual({ ...REFUSED, code: "TooManyConcurrentRequests" });
      expect(calls.filter(({ status }) => status === 200).length).toBeGreaterThan(25);

      const visits = await Promise.all(
        Array.from({ length: 300 }, () => fetch(`${limited.url}/version`)),
      );
      const visit = visits.find(({ status }) => status === 429);
      expect(visit?.headers.get("retry-after")).toBe("1");
    },
  );
}, 30_000);

test("an address opens a bounded number of sockets, and a flood of messages ends its own", async () => {
  await withLimits(["socketsPerAddress=3", "messagesPerSecond=10"], async (limited) => {
    const open = await Promise.all([1, 2, 3].map(() => openSocket(limited)));
    expect((await openSocket(limited)).refusal?.message).toMatch(/429/);
    const [flooding, other] = open;
    for (let index = 0; index < 200; index += 1) flooding!.socket.send('{"type":"Event"}');
    expect(await flooding!.closed).toEqual({ code: 1013, reason: "TooManyConcurrentRequests" });
    expect(other!.socket.readyState).toBe(WebSocket.OPEN);
    await vi.waitFor(async () => {
      const again = await openSocket(limited);
      expect(again.refusal).toBeNull();
    }, 10_000);
    for (const { socket } of open) socket.terminate();
  });
}, 30_000);
