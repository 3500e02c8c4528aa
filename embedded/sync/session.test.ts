import { expect, test } from "vitest";

import type { Authenticator } from "../auth/authenticator.ts";
import { OccConflictError } from "../database/database-error.ts";
import type {
  FunctionRunner,
  LiveQuery,
  MutationOutcome,
  QueryOutcome,
  WatchRequest,
} from "../functions/types.ts";
import { ServiceError } from "../lib/service-error.ts";
import { createTrafficControl } from "../lib/traffic-control.ts";
import { parseTrafficLimits } from "../lib/traffic-limits.ts";
import { decodeTimestamp, encodeTimestamp } from "../values/timestamp.ts";
import { createFrameEncoder } from "./frames.ts";
import { SyncSession } from "./session.ts";
import { UpdateRounds } from "./update-rounds.ts";

interface Sent {
  readonly type: string;
  readonly startVersion: { querySet: number; ts: string; identity: number };
  readonly endVersion: { querySet: number; ts: string; identity: number };
  readonly modifications: readonly { type: string; queryId: number; value?: unknown }[];
  readonly [field: string]: unknown;
}

/** A session over a scripted runner and database, so that each step happens when the test says. */
function open({
  isReading = true,
  limits = [] as readonly string[],
  traffic = createTrafficControl(parseTrafficLimits(limits)),
} = {}) {
  let bufferedBytes = 0;
  const sent: Sent[] = [];
  const unflushedFrames: (() => void)[] = [];
  const closes: { code: number | undefined; reason: string | undefined }[] = [];
  const mutations: ((outcome: MutationOutcome | Error) => void)[] = [];
  const watchers = new Set<{ request: WatchRequest; invalidate: () => void }>();
  const values = new Map<string, string>();
  const outcomes = new Map<string, QueryOutcome>();
  let latestTs = 10n;
  let flushedTs = 10n;
  let now = 1000;
  const flushWaiters: { ts: bigint; resolve: () => void }[] = [];
  let pauses = 0;

  const outcomeOf = (path: string): QueryOutcome => {
    const valueJson = values.get(path) ?? "null";
    const key = `${path} ${valueJson}`;
    const known = outcomes.get(key) ?? { ok: true, valueJson, logLines: [], journal: null };
    outcomes.set(key, known);
    return known;
  };
  const runner = {
    runMutation: () =>
      new Promise<MutationOutcome>((resolve, reject) => {
        mutations.push((result) => (result instanceof Error ? reject(result) : resolve(result)));
      }),
    runAction: () => Promise.resolve({ ok: true, valueJson: '"done"', logLines: [] }),
    watch(request: WatchRequest, invalidate: () => void): LiveQuery {
      const watcher = { request, invalidate };
      watchers.add(watcher);
      return {
        evaluate: () => Promise.resolve(outcomeOf(request.path)),
        isFresh: true,
        release: () => watchers.delete(watcher),
      };
    },
  } as unknown as FunctionRunner;
  const authenticator = {
    identify: (token: string) =>
      token.startsWith("bad")
        ? Promise.reject(new ServiceError("unauthenticated", "InvalidAuthHeader", "bad token"))
        : Promise.resolve({ tokenIdentifier: token, attributesJson: "{}", expiresAt: 5000 }),
    admin: () => ({ kind: "admin", actingAs: null }),
  } as unknown as Authenticator;

  const database = {
    get latestTs() {
      return latestTs;
    },
    flushed: (ts: bigint) =>
      ts <= flushedTs
        ? Promise.resolve()
        : new Promise<void>((resolve) => flushWaiters.push({ ts, resolve })),
  };
  const session = new SyncSession(
    {
      database,
      runner,
      authenticator,
      frames: createFrameEncoder(),
      rounds: new UpdateRounds(database),
      now: () => now,
      onError: () => undefined,
      limits: traffic.limits,
    },
    {
      send(frame, onFlushed) {
        const text = frame.toString();
        sent.push(JSON.parse(text) as Sent);
        bufferedBytes += text.length;
        const read = () => {
          bufferedBytes -= text.length;
          onFlushed?.();
        };
        if (isReading) read();
        else unflushedFrames.push(read);
      },
      close: (code, reason) => void closes.push({ code, reason }),
      setPaused: (isPaused) => void (pauses += isPaused ? 1 : 0),
      get bufferedBytes() {
        return bufferedBytes;
      },
    },
    {
      ip: null,
      userAgent: null,
      acceptsChunks: true,
      traffic: traffic.from("203.0.113.7"),
      onSent: () => undefined,
    },
  );
  return {
    sent,
    closes,
    mutations,
    watchers,
    unflushedFrames,
    session,
    pauses: () => pauses,
    setNow: (ms: number) => void (now = ms),
    receive: (message: object) => session.receive(JSON.stringify(message)),
    /** A commit in memory that changes a query's value. */
    commit(path: string, valueJson: string): bigint {
      latestTs += 1n;
      values.set(path, valueJson);
      for (const { request, invalidate } of watchers) if (request.path === path) invalidate();
      return latestTs;
    },
    flush(): void {
      flushedTs = latestTs;
      for (const waiter of flushWaiters.splice(0)) waiter.resolve();
    },
    transitions: () => sent.filter(({ type }) => type === "Transition"),
  };
}

/** An update takes a turn of the event loop of its own, and may follow another one. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
const add = (queryId: number, udfPath: string) => ({ type: "Add", queryId, udfPath, args: [{}] });
const modify = (baseVersion: number, modifications: object[]) => ({
  type: "ModifyQuerySet",
  baseVersion,
  newVersion: baseVersion + 1,
  modifications,
});
const target = { udfPath: "m:set", args: [{}] };
const mutation = (requestId: number) => ({ type: "Mutation", requestId, ...target });
const action = (requestId: number) => ({ type: "Action", requestId, ...target });
const connect = (fields: object = {}) => ({
  type: "Connect",
  sessionId: "11111111-2222-3333-4444-555555555555",
  connectionCount: 0,
  lastCloseReason: "InitialConnect",
  clientTs: 0,
  ...fields,
});
const written = { ok: true, valueJson: "null", logLines: [] } as const;
const committed = (ts: bigint): MutationOutcome => ({ ...written, ts });
const tsOf = (version: { ts: string }) => decodeTimestamp(version.ts)!;

test("an empty change of the query set is answered by an empty transition", async () => {
  const socket = open();
  socket.receive(connect());
  socket.receive(modify(0, []));
  await settle();
  expect(socket.sent).toEqual([
    {
      type: "Transition",
      startVersion: { querySet: 0, ts: encodeTimestamp(0n), identity: 0 },
      endVersion: { querySet: 1, ts: encodeTimestamp(10n), identity: 0 },
      modifications: [],
    },
  ]);
});

test("each transition starts where the one before ended", async () => {
  const socket = open();
  socket.receive(modify(0, [add(0, "q:a")]));
  await settle();
  for (let value = 0; value < 5; value += 1) {
    socket.commit("q:a", String(value));
    socket.flush();
    await settle();
  }
  const transitions = socket.transitions();
  expect(transitions).toHaveLength(6);
  for (const [index, { startVersion }] of transitions.entries()) {
    if (index > 0) expect(startVersion).toEqual(transitions[index - 1]!.endVersion);
  }
});

test("a transition leaves only once its timestamp is durable", async () => {
  const socket = open();
  socket.receive(modify(0, [add(0, "q:a")]));
  await settle();
  socket.commit("q:a", "1");
  await settle();
  expect(socket.transitions()).toHaveLength(1);
  socket.flush();
  await settle();
  expect(socket.transitions()[1]?.modifications).toEqual([
    { type: "QueryUpdated", queryId: 0, value: 1, logLines: [], journal: null },
  ]);
});

test("a mutation is answered before the transition that reaches its commit", async () => {
  const socket = open();
  socket.receive(modify(0, [add(0, "q:a")]));
  await settle();
  socket.receive(mutation(0));
  const ts = socket.commit("q:a", "1");
  socket.flush();
  await settle();
  expect(socket.sent).toHaveLength(1);
  socket.mutations[0]!(committed(ts));
  await settle();
  expect(socket.sent.map(({ type }) => type)).toEqual([
    "Transition",
    "MutationResponse",
    "Transition",
    "Transition",
  ]);
  expect(tsOf(socket.sent[2]!.endVersion)).toBe(ts);
});

test("a mutation that changes nothing the client watches still ends in a transition", async () => {
  const socket = open();
  socket.receive(mutation(7));
  await settle();
  const ts = socket.commit("q:other", "1");
  socket.mutations[0]!(committed(ts));
  socket.flush();
  await settle();
  expect(socket.sent[0]).toEqual({
    type: "MutationResponse",
    requestId: 7,
    success: true,
    result: null,
    ts: encodeTimestamp(ts),
    logLines: [],
  });
  expect(tsOf(socket.sent[1]!.endVersion)).toBe(ts);
});

test("the next mutation starts before the one before is answered, and answers keep the order", async () => {
  const socket = open();
  socket.receive(mutation(0));
  socket.receive(mutation(1));
  await settle();
  expect(socket.mutations).toHaveLength(2);
  socket.mutations[1]!(committed(12n));
  await settle();
  expect(socket.sent).toEqual([]);
  socket.mutations[0]!(committed(11n));
  await settle();
  const answered = socket.sent.filter(({ type }) => type === "MutationResponse");
  expect(answered.map(({ requestId }) => requestId)).toEqual([0, 1]);
});

test("a failed mutation is answered with its error and data", async () => {
  const socket = open();
  socket.receive(mutation(0));
  await settle();
  socket.mutations[0]!({
    ok: false,
    errorMessage: "Uncaught ConvexError",
    errorDataJson: '{"code":"NO"}',
    logLines: ["[LOG] 'x'"],
  });
  await settle();
  expect(socket.sent[0]).toEqual({
    type: "MutationResponse",
    requestId: 0,
    success: false,
    result: "Uncaught ConvexError",
    ts: null,
    logLines: ["[LOG] 'x'"],
    errorData: { code: "NO" },
  });
});

test("a commit that leaves the result as it was sends nothing", async () => {
  const socket = open();
  socket.commit("q:a", "1");
  socket.receive(modify(0, [add(0, "q:a")]));
  socket.flush();
  await settle();
  socket.commit("q:a", "1");
  socket.flush();
  await settle();
  expect(socket.transitions()).toHaveLength(1);
});

test("many commits while a client does not read become one transition", async () => {
  const socket = open({ isReading: false });
  socket.receive(modify(0, [add(0, "q:a")]));
  await settle();
  for (let value = 1; value <= 50; value += 1) {
    socket.commit("q:a", String(value));
    socket.flush();
    await settle();
  }
  expect(socket.transitions()).toHaveLength(2);
  socket.unflushedFrames[0]!();
  await settle();
  expect(socket.transitions()).toHaveLength(3);
  expect(socket.transitions()[2]?.modifications[0]).toMatchObject({ value: 50 });
});

test("signing in re-runs every query under the new identity and confirms it", async () => {
  const socket = open();
  socket.receive(modify(0, [add(0, "q:a"), add(1, "q:b")]));
  await settle();
  socket.receive({ type: "Authenticate", baseVersion: 0, tokenType: "User", value: "ada" });
  await settle();
  expect([...socket.watchers].map(({ request }) => request.caller)).toEqual(
    Array(2).fill({
      kind: "client",
      identity: expect.objectContaining({ tokenIdentifier: "ada" }),
    }),
  );
  expect(socket.transitions()[1]?.endVersion.identity).toBe(1);
});

test("a refused token is an AuthError at the confirmed version, and the socket closes without a code", async () => {
  const socket = open();
  socket.receive({ type: "Authenticate", baseVersion: 0, tokenType: "User", value: "bad" });
  await settle();
  expect(socket.sent).toEqual([
    { type: "AuthError", error: "bad token", baseVersion: 0, authUpdateAttempted: true },
  ]);
  expect(socket.closes).toEqual([{ code: undefined, reason: undefined }]);
});

test("a token that runs out while the socket is open is reported as no fault of an update", async () => {
  const socket = open();
  socket.receive({ type: "Authenticate", baseVersion: 0, tokenType: "User", value: "ada" });
  await settle();
  socket.setNow(5001);
  socket.receive(mutation(0));
  await settle();
  expect(socket.mutations).toEqual([]);
  expect(socket.sent.at(-1)).toMatchObject({
    type: "AuthError",
    baseVersion: 1,
    authUpdateAttempted: false,
  });
});

test.each([
  ["no JSON", "{"],
  ["an unknown type", '{"type":"Hello"}'],
  ["no object", "[]"],
  ["a query id below zero", JSON.stringify(modify(0, [add(-1, "q:a")]))],
  ["arguments that are no array", '{"type":"Mutation","requestId":0,"udfPath":"m","args":{}}'],
  ["a wrong base version", JSON.stringify(modify(3, []))],
  ["a session id that is no UUID", JSON.stringify(connect({ sessionId: "me" }))],
  ["a component without being an admin", JSON.stringify({ ...mutation(0), componentPath: "a" })],
])("a frame with %s ends in a FatalError", async (_, text) => {
  const socket = open();
  socket.session.receive(text);
  await settle();
  expect(socket.sent.map(({ type }) => type)).toEqual(["FatalError"]);
  expect(socket.closes).toHaveLength(1);
});

test("adding a query twice or removing an unknown one ends in a FatalError", async () => {
  for (const modifications of [[add(0, "q:a"), add(0, "q:b")], [{ type: "Remove", queryId: 4 }]]) {
    const socket = open();
    socket.receive(modify(0, modifications));
    await settle();
    expect(socket.sent.map(({ type }) => type)).toEqual(["FatalError"]);
  }
});

test("a client that has seen a later commit than the server is turned away", async () => {
  const socket = open();
  socket.receive(connect({ maxObservedTimestamp: encodeTimestamp(11n) }));
  await settle();
  expect(socket.closes).toEqual([{ code: 1011, reason: "InternalServerError" }]);
});

test("the thousand-and-first waiting mutation closes the socket as overloaded", async () => {
  const socket = open();
  for (let requestId = 0; requestId <= 1000; requestId += 1) socket.receive(mutation(requestId));
  await settle();
  expect(socket.mutations).toHaveLength(1000);
  expect(socket.closes).toEqual([{ code: 1013, reason: "TooManyConcurrentMutations" }]);
});

test("a conflict that retries could not solve closes the socket, so that the client sends again", async () => {
  const socket = open();
  socket.receive(mutation(0));
  await settle();
  socket.mutations[0]!(new OccConflictError("messages", null));
  await settle();
  expect(socket.sent).toEqual([]);
  expect(socket.closes).toEqual([{ code: 1013, reason: "OptimisticConcurrencyControlFailure" }]);
});

test("a removed query is no longer watched and the client is told so", async () => {
  const socket = open();
  socket.receive(modify(0, [add(0, "q:a")]));
  await settle();
  socket.receive(modify(1, [{ type: "Remove", queryId: 0 }]));
  await settle();
  expect(socket.watchers.size).toBe(0);
  expect(socket.transitions()[1]?.modifications).toEqual([{ type: "QueryRemoved", queryId: 0 }]);
});

test("a closed session watches nothing and ignores what still arrives", async () => {
  const socket = open();
  socket.receive(modify(0, [add(0, "q:a")]));
  await settle();
  socket.session.dispose();
  socket.receive(mutation(0));
  await settle();
  expect(socket.watchers.size).toBe(0);
  expect(socket.mutations).toEqual([]);
});

test("silence is broken by a Ping", () => {
  const socket = open();
  socket.setNow(15_999);
  socket.session.pingIfIdle(15_000);
  expect(socket.sent).toEqual([]);
  socket.setNow(16_000);
  socket.session.pingIfIdle(15_000);
  socket.session.pingIfIdle(15_000);
  expect(socket.sent).toEqual([{ type: "Ping" }]);
});

test("a client that sends faster than it is served is paused", async () => {
  const socket = open();
  for (let index = 0; index < 200; index += 1) socket.receive({ type: "Event" });
  expect(socket.pauses()).toBe(1);
  await settle();
  socket.receive(modify(0, []));
  await settle();
  expect(socket.transitions()).toHaveLength(1);
});

test("a client that does not read what it was sent is not served further until it does", async () => {
  const socket = open({ isReading: false });
  socket.commit("q:a", `"${"x".repeat(2_000_000)}"`);
  socket.flush();
  socket.receive(modify(0, [add(0, "q:a")]));
  await settle();
  expect(socket.transitions()).toHaveLength(1);
  socket.receive(mutation(0));
  await settle();
  expect(socket.mutations).toHaveLength(0);
  socket.unflushedFrames[0]!();
  await settle();
  expect(socket.mutations).toHaveLength(1);
});

test("a client that leaves more unread than it may is sent away, to come back for it", async () => {
  const socket = open({ isReading: false, limits: ["unreadBytesPerSocket=1000000"] });
  for (let requestId = 0; requestId < 4; requestId += 1) socket.receive(mutation(requestId));
  await settle();
  const valueJson = `"${"x".repeat(600_000)}"`;
  for (const answer of socket.mutations)
    answer({ ...committed(10n), valueJson } as MutationOutcome);
  await settle();
  expect(socket.sent.filter(({ type }) => type === "MutationResponse")).toHaveLength(2);
  expect(socket.closes).toEqual([
    { code: 1013, reason: "TooManyConcurrentRequests: the client does not read" },
  ]);
});

test("messages that wait are bounded in bytes too", async () => {
  const socket = open();
  socket.receive({ type: "Event", event: "x".repeat(2_000_000) });
  expect(socket.pauses()).toBe(0);
  socket.receive({ type: "Event", event: "x".repeat(2_000_000) });
  expect(socket.pauses()).toBe(1);
  await settle();
});

test.each([
  ["queries", ["watchedQueries=3"], { index: 0 }],
  ["bytes of arguments", ["watchedArgumentBytes=4000"], { text: "x".repeat(1_000) }],
])("one socket watches a bounded number of %s", async (_, limits, args) => {
  const socket = open({ limits });
  socket.receive(
    modify(
      0,
      [0, 1, 2].map((id) => ({ ...add(id, "q:a"), args: [args] })),
    ),
  );
  await settle();
  expect(socket.closes).toEqual([]);
  socket.receive(
    modify(1, [
      { type: "Remove", queryId: 0 },
      { ...add(3, "q:a"), args: [args] },
    ]),
  );
  await settle();
  expect(socket.closes).toEqual([]);
  socket.receive(modify(2, [{ ...add(4, "q:a"), args: [args] }]));
  await settle();
  expect(socket.closes).toEqual([{ code: 1013, reason: "TooManyConcurrentRequests" }]);
});

test("one socket watches a bounded number of bytes of results", async () => {
  const socket = open({ limits: ["watchedResultBytes=5000"] });
  socket.commit("q:a", `"${"x".repeat(2_000)}"`);
  socket.flush();
  socket.receive(modify(0, [add(0, "q:a"), add(1, "q:a")]));
  await settle();
  expect(socket.closes).toEqual([]);
  socket.receive(modify(1, [{ type: "Remove", queryId: 0 }]));
  socket.receive(modify(2, [add(2, "q:a")]));
  await settle();
  expect(socket.closes).toEqual([]);
  socket.receive(modify(3, [add(3, "q:a")]));
  await settle();
  expect(socket.closes).toEqual([{ code: 1013, reason: "TooManyConcurrentRequests" }]);
});

test("messages, added queries and calls count against the client's address", async () => {
  const many = Array.from({ length: 30 }, (_, queryId) => add(queryId, "q:a"));
  for (const [limit, messages] of [
    ["messagesPerSecond=2", Array.from({ length: 21 }, () => ({ type: "Event" }))],
    ["messagesPerSecond=2", [modify(0, many)]],
    ["callsPerSecond=1", Array.from({ length: 11 }, (_, requestId) => mutation(requestId))],
    ["callsPerSecond=1", Array.from({ length: 11 }, (_, requestId) => action(requestId))],
  ] as const) {
    const socket = open({ limits: [limit] });
    for (const message of messages) socket.receive(message);
    await settle();
    expect(socket.closes).toEqual([{ code: 1013, reason: "TooManyConcurrentRequests" }]);
  }
});

test("calls of an identity count against it, from whatever address", async () => {
  for (const value of [null, "ada"]) {
    const socket = open({ limits: ["callsPerSecondOfIdentity=1"] });
    const token = value === null ? { tokenType: "None" } : { tokenType: "User", value };
    socket.receive({ type: "Authenticate", baseVersion: 0, ...token });
    for (let requestId = 0; requestId < 11; requestId += 1) socket.receive(mutation(requestId));
    await settle();
    expect(socket.closes.map(({ code }) => code)).toEqual(value === null ? [] : [1013]);
  }
});

test("an address whose tokens were refused too often is not heard any more", async () => {
  const authenticate = { type: "Authenticate", baseVersion: 0, tokenType: "User" };
  const traffic = createTrafficControl(parseTrafficLimits(["refusalsPerSecond=0.2"]));
  for (const expected of ["AuthError", "AuthError"]) {
    const socket = open({ traffic });
    socket.receive({ ...authenticate, value: "bad" });
    await settle();
    expect(socket.sent.at(-1)?.type).toBe(expected);
  }
  const socket = open({ traffic });
  socket.receive({ ...authenticate, value: "ada" });
  await settle();
  expect(socket.sent).toEqual([]);
  expect(socket.closes).toEqual([{ code: 1013, reason: "TooManyConcurrentRequests" }]);
});

test("a draining session answers what it took, and takes nothing more", async () => {
  const socket = open();
  socket.receive(mutation(0));
  await settle();
  let isDrained = false;
  const drained = socket.session.drain().then(() => (isDrained = true));
  socket.receive(mutation(1));
  await settle();
  expect(isDrained).toBe(false);
  const ts = socket.commit("q:a", "1");
  socket.flush();
  socket.mutations[0]!(committed(ts));
  await drained;
  expect(socket.mutations).toHaveLength(1);
  expect(socket.sent.map(({ type }) => type)).toEqual(["MutationResponse", "Transition"]);
});
