/** That the torture's client would notice a server that breaks its word. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { WebSocketServer, type WebSocket } from "ws";

import { encodeTimestamp } from "#embedded/values/timestamp.ts";

import { Random } from "./random.ts";
import { SyncClient } from "./sync-client.ts";

const PATIENCE = { timeout: 10_000, interval: 5 };

interface Received {
  readonly type: string;
  readonly requestId?: number;
}

let server: WebSocketServer;
let client: SyncClient;
/** Sockets as they came, with what each was sent. */
let sockets: { readonly socket: WebSocket; readonly received: Received[] }[];
const values: unknown[] = [];

beforeEach(async () => {
  sockets = [];
  values.length = 0;
  server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  server.on("connection", (socket) => {
    const received: Received[] = [];
    socket.on(
      "message",
      (data: Buffer) => void received.push(JSON.parse(data.toString()) as Received),
    );
    sockets.push({ socket, received });
  });
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const watched = { path: "rows:sum", args: {} };
  client = new SyncClient(`http://127.0.0.1:${port}`, new Random(1), watched, (value) =>
    values.push(value),
  );
});
afterEach(() => {
  client.close();
  server.close();
});

const requests = (connection: number) =>
  (sockets[connection]?.received ?? []).filter(({ type }) => type === "Mutation");

async function send(connection: number, message: object): Promise<void> {
  await vi.waitFor(() => expect(sockets.length).toBeGreaterThan(connection), PATIENCE);
  sockets[connection]?.socket.send(JSON.stringify(message));
}

const answer = (requestId: number, result: number, ts: bigint) => ({
  type: "MutationResponse",
  requestId,
  success: true,
  result,
  ts: encodeTimestamp(ts),
  logLines: [],
});

const transition = (ts: bigint, modifications: readonly object[] = []) => {
  const version = { querySet: 1, identity: 0, ts: encodeTimestamp(ts) };
  return { type: "Transition", startVersion: version, endVersion: version, modifications };
};

/** One mutation is answered, then the connection breaks; resolves when it is asked for once more. */
async function askedAgain(): Promise<void> {
  const mutated = client.mutation("rows:add", {});
  await vi.waitFor(() => expect(requests(0)).toHaveLength(1), PATIENCE);
  await send(0, answer(1, 7, 5n));
  expect(await mutated).toBe(7);
  sockets[0]?.socket.terminate();
  await vi.waitFor(
    () => expect(requests(1)).toEqual([expect.objectContaining({ requestId: 1 })]),
    PATIENCE,
  );
}

test("the same answer once more is right, after a connection that broke", async () => {
  await askedAgain();
  await send(1, answer(1, 7, 5n));
  await vi.waitFor(() => expect(client.isSettled).toBe(true), PATIENCE);
  expect(client.violations).toEqual([]);
  expect(client.acknowledged).toMatchObject([{ requestId: 1, result: "7" }]);
});

test.each([
  ["another result", answer(1, 8, 5n)],
  ["another timestamp", answer(1, 7, 6n)],
  ["a failure", { ...answer(1, 7, 5n), success: false, result: "no" }],
])("%s for the same mutation is a violation", async (_, second) => {
  await askedAgain();
  await send(1, second);
  await vi.waitFor(() => expect(client.violations).toHaveLength(1), PATIENCE);
});

test.each<[string, readonly object[]]>([
  ["a time that goes back", [transition(5n), transition(4n)]],
  ["a query that fails", [transition(5n, [{ type: "QueryFailed", queryId: 0 }])]],
  ["a frame of no known kind", [{ type: "FatalError", error: "no" }]],
])("%s is a violation", async (_, messages) => {
  for (const message of messages) await send(0, message);
  await vi.waitFor(() => expect(client.violations).toHaveLength(1), PATIENCE);
});

test("a value is told, and a close on purpose is a violation", async () => {
  await send(0, transition(5n, [{ type: "QueryUpdated", queryId: 0, value: 600 }]));
  await vi.waitFor(() => expect(values).toEqual([600]), PATIENCE);
  expect([client.violations, client.observedTs]).toEqual([[], 5n]);
  sockets[0]?.socket.close(1011, "gone wrong");
  await vi.waitFor(
    () => expect(client.violations).toEqual(["closed with 1011 gone wrong"]),
    PATIENCE,
  );
});
