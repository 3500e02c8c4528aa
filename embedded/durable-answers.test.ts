import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";

import {
  addition,
  SyncSocket,
  type ActionResponse,
  type MutationResponse,
  type Transition,
} from "../tests/support/sync-socket.ts";
import { finishPush, startPush, startTestBackend, type TestBackend } from "./test-backend.ts";
import { GENERATED } from "./test-project.ts";
import { holdDisk, type SlowDisk } from "./test-slow-disk.ts";
import { encodeTimestamp } from "./values/timestamp.ts";

const SOURCES = {
  ...GENERATED,
  counters: `
    import { ConvexError } from "convex/values";
    import { action, internalAction, mutation, query } from "./_generated/server";
    import { api, internal } from "./_generated/api";
    const find = (ctx, name) =>
      ctx.db.query("counters").filter((q) => q.eq(q.field("name"), name)).first();
    const valueOf = async (ctx, { name }) => (await find(ctx, name))?.value ?? 0;
    export const read = query({ handler: valueOf });
    export const readInMutation = mutation({ handler: valueOf });
    export const readInAction = action({
      handler: (ctx, { name }) => ctx.runQuery(api.counters.read, { name }),
    });
    export const refuse = mutation({
      handler: async (ctx, args) => { throw new ConvexError(await valueOf(ctx, args)); },
    });
    export const increment = mutation({
      handler: async (ctx, { name }) => {
        const row = await find(ctx, name);
        if (row === null) await ctx.db.insert("counters", { name, value: 1 });
        else await ctx.db.patch(row._id, { value: row.value + 1 });
        return (row?.value ?? 0) + 1;
      },
    });
    export const uploadUrl = mutation({ handler: (ctx) => ctx.storage.generateUploadUrl() });
    export const store = action({ handler: (ctx) => ctx.storage.store(new Blob(["a"])) });
    export const echo = action({ handler: (_, { text }) => text });
    export const callLater = mutation({
      handler: (ctx, { url }) => ctx.scheduler.runAfter(0, internal.counters.call, { url }),
    });
    export const call = internalAction({ handler: async (_, { url }) => void (await fetch(url)) });
  `,
  http: `
    import { httpRouter } from "convex/server";
    import { api } from "./_generated/api";
    import { httpAction } from "./_generated/server";
    const http = httpRouter();
    const handler = httpAction(async (ctx, request) => {
      const name = new URL(request.url).searchParams.get("name");
      return new Response(await ctx.runQuery(api.counters.read, { name }));
    });
    http.route({ path: "/read", method: "GET", handler });
    export default http;
  `,
};

let backend: TestBackend;
beforeAll(async () => {
  backend = await startTestBackend();
  await backend.deploy(SOURCES);
}, 60_000);
afterAll(() => backend.dispose());

let made = 0;
const newName = () => `counter ${(made += 1)}`;

async function askText(path: string, init?: RequestInit): Promise<string> {
  const response = await fetch(backend.url + path, init);
  return await response.text();
}

async function ask(path: string, body: object): Promise<unknown> {
  return (await backend.post(path, body)).body;
}

function asAdmin(path: string, body: object): Promise<unknown> {
  const headers = { Authorization: `Convex ${backend.adminKey}` };
  return backend.post(path, body, headers).then((answer) => answer.body);
}

const success = (value: unknown) => ({ status: "success", value });
const COUNTERS_SIZE = {
  path: "_system/cli/tableSize:default",
  args: { tableName: "counters" },
};

/** When so many wait for the disk, none of these may have been answered. */
async function expectUnanswered(
  disk: SlowDisk,
  waiting: number,
  asked: readonly Promise<unknown>[],
): Promise<void> {
  let answers = 0;
  const counted = asked.map((each) => each.finally(() => (answers += 1)));
  await Promise.race([disk.awaitedBy(waiting), ...counted]);
  // Whoever only seems to wait has the time of a few answers.
  for (let count = 0; count < 3; count += 1) await askText("/version");
  expect(answers).toBe(0);
}

interface Question {
  readonly ask: (name: string, disk: SlowDisk) => Promise<unknown>;
  /** After the counter was incremented once. */
  readonly answer: unknown;
}

const read = (name: string) => ({ path: "counters:read", args: { name } });

/** Each is asked about a counter whose increment is committed and not on the disk. */
const QUESTIONS: Readonly<Record<string, Question>> = {
  "a query": { ask: (name) => ask("/api/query", read(name)), answer: success(1) },
  "a query by GET": {
    ask: async (name) => {
      const args = encodeURIComponent(JSON.stringify({ name }));
      return JSON.parse(await askText(`/api/query?path=counters:read&args=${args}`)) as unknown;
    },
    answer: success(1),
  },
  "a batch of queries": {
    ask: (name) => ask("/api/query_batch", { queries: [read(name), read(name)] }),
    answer: { results: [success(1), success(1)] },
  },
  "a timestamp to ask at": {
    ask: (_name, disk) =>
      ask("/api/query_ts", {}).then((answer) => ({
        isNew: (answer as { ts: string }).ts === encodeTimestamp(disk.newestTs),
      })),
    answer: { isNew: true },
  },
  "a query at a timestamp": {
    ask: (name, disk) =>
      ask("/api/query_at_ts", { ...read(name), ts: encodeTimestamp(disk.newestTs) }),
    answer: success(1),
  },
  "a query of the command line": {
    ask: () => asAdmin("/api/query", COUNTERS_SIZE),
    answer: success(expect.any(Number)),
  },
  "a batch of the command line": {
    ask: () => asAdmin("/api/query_batch", { queries: [COUNTERS_SIZE] }),
    answer: { results: [success(expect.any(Number))] },
  },
  "a mutation that only reads": {
    ask: (name) => ask("/api/mutation", { path: "counters:readInMutation", args: { name } }),
    answer: success(1),
  },
  "a mutation that fails": {
    ask: (name) => ask("/api/mutation", { path: "counters:refuse", args: { name } }),
    answer: expect.objectContaining({ status: "error", errorData: 1 }),
  },
  "an action that asks a query": {
    ask: (name) => ask("/api/action", { path: "counters:readInAction", args: { name } }),
    answer: success(1),
  },
  "an HTTP action that asks a query": {
    ask: (name) => askText(`/http/read?name=${encodeURIComponent(name)}`),
    answer: "1",
  },
};

test.each(Object.entries(QUESTIONS))(
  "%s is answered when what it shows is on the disk, and not before",
  async (_what, { ask: askAbout, answer }) => {
    const name = newName();
    const disk = holdDisk();
    const written = ask("/api/mutation", { path: "counters:increment", args: { name } });
    await Promise.race([disk.awaitedBy(1), written]);
    const asked = askAbout(name, disk);
    await expectUnanswered(disk, 2, [written, asked]);
    disk.letGo();
    expect(await written).toEqual(success(1));
    expect(await asked).toEqual(answer);
  },
);

/** What one socket is told, in order. */
async function connect(sessionId: string) {
  const told: string[] = [];
  let onTold: () => void = () => undefined;
  const tell = (what: string) => {
    told.push(what);
    onTold();
  };
  const socket = new SyncSocket(backend.url, {
    onTransition: ({ modifications }: Transition) =>
      modifications.forEach(({ value }) => tell(`sees ${JSON.stringify(value)}`)),
    onMutationResponse: ({ result }: MutationResponse) => tell(`wrote ${JSON.stringify(result)}`),
    onActionResponse: ({ result }: ActionResponse) => tell(`ran ${JSON.stringify(result)}`),
    onOther: tell,
    onClose: () => undefined,
  });
  await socket.opened;
  onTestFinished(() => socket.terminate());
  socket.introduce({ sessionId, connectionCount: 0, maxObservedTs: null });
  const toldOf = async (count: number) => {
    while (told.length < count) await new Promise<void>((resolve) => (onTold = resolve));
    return told;
  };
  return { socket, toldOf };
}

const SESSION = "11111111-2222-4333-8444-555555555555";

test("a mutation that a client sends again is answered when the first one is on the disk", async () => {
  const name = newName();
  const connections = [await connect(SESSION), await connect(SESSION)];
  const disk = holdDisk();
  const answers: Promise<unknown>[] = [];
  for (const [index, { socket, toldOf }] of connections.entries()) {
    socket.call("Mutation", 1, "counters:increment", { name });
    answers.push(toldOf(1));
    await Promise.race([disk.awaitedBy(index + 1), ...answers]);
  }
  await expectUnanswered(disk, 2, answers);
  disk.letGo();
  expect(await Promise.all(answers)).toEqual([["wrote 1"], ["wrote 1"]]);
});

test("who watches a query sees a commit when it is on the disk, and so do newcomers", async () => {
  const name = newName();
  const watcher = await connect("21111111-2222-4333-8444-555555555555");
  const newcomer = await connect("31111111-2222-4333-8444-555555555555");
  watcher.socket.modifyQuerySet(0, [addition(0, "counters:read", { name })]);
  expect(await watcher.toldOf(1)).toEqual(["sees 0"]);
  const disk = holdDisk();
  const written = ask("/api/mutation", { path: "counters:increment", args: { name } });
  const seen = watcher.toldOf(2);
  await Promise.race([disk.awaitedBy(2), written, seen]);
  newcomer.socket.modifyQuerySet(0, [addition(0, "counters:read", { name })]);
  // Sockets wait together: nobody asks for the disk a third time.
  for (let count = 1; count <= 3; count += 1) {
    newcomer.socket.call("Action", count, "counters:echo", { text: "a" });
    await newcomer.toldOf(count);
  }
  const seenByNewcomer = newcomer.toldOf(4);
  await expectUnanswered(disk, 2, [written, seen, seenByNewcomer]);
  disk.letGo();
  expect(await seen).toEqual(["sees 0", "sees 1"]);
  expect(await seenByNewcomer).toEqual([...Array.from({ length: 3 }, () => `ran "a"`), "sees 1"]);
});

const upload = async (address: unknown) =>
  (await fetch(String(address), { method: "POST", body: "bytes" })).status;

test.each([
  ["an upload", () => backend.run("counters:uploadUrl"), upload],
  [
    "a file that an action stores",
    () => Promise.resolve(null),
    async () => typeof (await backend.run("counters:store")) === "string" && 200,
  ],
  [
    "a change of the environment",
    () => Promise.resolve(null),
    () => backend.setVariables({ TRIED: "yes" }).then(() => 200),
  ],
  [
    "a deploy",
    () => startPush(backend.url, backend.adminKey, { ...SOURCES, other: "export const a = 1;" }),
    (started: unknown) => finishPush(backend.url, backend.adminKey, started).then(() => 200),
  ],
] as const)(
  "%s is answered when it is on the disk, and not before",
  async (_what, prepare, ask) => {
    const prepared = await prepare();
    const disk = holdDisk();
    const answer = ask(prepared);
    await expectUnanswered(disk, 1, [answer]);
    disk.letGo();
    expect(await answer).toBe(200);
  },
);

test("a scheduled action begins when the disk knows that it does, and not before", async () => {
  let onCalled: () => void = () => undefined;
  const called = new Promise<void>((resolve) => (onCalled = resolve));
  const server = createServer((_request, response) => {
    onCalled();
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const disk = holdDisk();
  const url = `http://127.0.0.1:${port}`;
  const scheduled = backend.run("counters:callLater", { url });
  // The mutation that schedules it waits, then the action itself.
  await Promise.race([disk.awaitedBy(2), called]);
  // Others' actions have run from their beginning to their end meanwhile.
  for (let count = 0; count < 3; count += 1) {
    expect(await backend.run("counters:echo", { text: "a" })).toBe("a");
  }
  await expectUnanswered(disk, 2, [scheduled, called]);
  disk.letGo();
  await scheduled;
  await called;
});
