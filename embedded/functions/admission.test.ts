import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";

import { ServiceError } from "../lib/service-error.ts";
import { createTrafficControl } from "../lib/traffic-control.ts";
import { parseTrafficLimits } from "../lib/traffic-limits.ts";
import { createAdmission, type EngineCall } from "./admission.ts";
import { requestOf, startTestDeployment, unwrap, type TestDeployment } from "./test-deployment.ts";
import type { Caller, FunctionRequest } from "./types.ts";

// What never returns is cut off as soon as it has shown what it is: else most of the time is its.
vi.mock("../runtime/limits.ts", async (original) => {
  const limits = await original<typeof import("../runtime/limits.ts")>();
  return { ...limits, ENTRY_LIMIT_MS: limits.LONG_RUN_MS + 50 };
});

let deployment: TestDeployment;

const SOURCES = {
  calls: `
    import { actionGeneric as action, mutationGeneric as mutation, queryGeneric as query } from "convex/server";
    export const read = query({ handler: () => 1 });
    export const write = mutation({ handler: () => 1 });
    export const act = action({ handler: () => 1 });
    export const hang = action({ handler: () => new Promise(() => {}) });
    export const nest = action({ handler: (ctx) => ctx.runAction("calls:act") });
    export const loop = query({ handler: () => { for (;;); } });
    export const loopOnWrite = mutation({ handler: () => { for (;;); } });
    export const writeLater = mutation({ handler: () => 2 });
  `,
};

beforeAll(async () => {
  deployment = await startTestDeployment(SOURCES, {
    traffic: createTrafficControl(parseTrafficLimits(["actions=4", "waitingCalls=20"])),
  });
});
afterAll(() => deployment.close());

function from(ip: string, path: string, args: object = {}, caller?: Caller): FunctionRequest {
  const request = requestOf(path, args, caller);
  return { ...request, metadata: { ...request.metadata, ip } };
}

function signedIn(subject: string): Caller {
  const identity = { tokenIdentifier: `a|${subject}`, attributesJson: "{}", expiresAt: null };
  return { kind: "client", identity };
}

test("a function is refused when its caller's token has run out by the time it would run", async () => {
  const { runner, clock } = deployment;
  const identity = { tokenIdentifier: "a|b", attributesJson: "{}", expiresAt: clock.nowMs + 1_000 };
  const caller: Caller = { kind: "client", identity };
  const calls = [
    () => runner.runQuery({ ...requestOf("calls:read", {}, caller), journal: null }),
    () => runner.runMutation(requestOf("calls:write", {}, caller)),
    () => runner.runAction(requestOf("calls:act", {}, caller)),
  ];
  for (const call of calls) expect(unwrap(await call())).toBe(1);
  await deployment.change("calls:write");
  const before = clock.nowMs;
  clock.nowMs = identity.expiresAt;
  for (const call of calls.slice(1)) {
    await expect(call()).rejects.toMatchObject({ kind: "unauthenticated", code: "TokenExpired" });
  }
  const other = { ...requestOf("calls:read", { another: true }, caller), journal: null };
  await expect(runner.runQuery(other)).rejects.toMatchObject({ code: "TokenExpired" });
  clock.nowMs = before;
});

test("an address whose queries loop keeps others waiting for one of them, not for all", async () => {
  const { runner } = deployment;
  let ended = 0;
  for (let call = 0; call < 6; call += 1) {
    const bad = runner.runQuery({ ...from("203.0.113.7", "calls:loop", { call }), journal: null });
    void bad.finally(() => (ended += 1)).catch(() => undefined);
  }
  // By then the first has shown what its address costs.
  while (ended === 0) await new Promise((resolve) => setImmediate(resolve));
  const before = ended;
  const good = { ...from("203.0.113.8", "calls:read", { fresh: true }), journal: null };
  expect(unwrap(await runner.runQuery(good))).toBe(1);
  expect(ended - before).toBeLessThanOrEqual(1);
}, 60_000);

test.each([
  ["of one address", () => "203.0.113.7", undefined],
  ["of an address each", (call: number) => `203.0.${call}.7`, undefined],
  ["on this machine", () => "127.0.0.1", undefined],
  ["with the others' identity", (call: number) => `203.0.${call}.7`, signedIn("all")],
])(
  "callers %s who loop in one function keep nobody else waiting for more than one of them",
  async (_whose, addressOf, caller) => {
    const own = await startTestDeployment(SOURCES, {
      traffic: createTrafficControl(parseTrafficLimits([])),
    });
    let ended = 0;
    const bad = Array.from({ length: 20 }, async (_, call) => {
      const path = call % 2 === 0 ? "calls:loop" : "calls:loopOnWrite";
      const request = from(addressOf(call), path, { call }, caller);
      const run =
        call % 2 === 0
          ? own.runner.runQuery({ ...request, journal: null })
          : own.runner.runMutation(request);
      await run.catch(() => undefined);
      ended += 1;
    });
    // By then both functions have shown what they are.
    while (ended < 2) await new Promise((resolve) => setImmediate(resolve));
    const before = ended;
    for (let call = 0; call < 5; call += 1) {
      const atFirst = ended;
      const ask = (path: string) => from("203.0.113.8", path, { call }, caller);
      const read = { ...ask("calls:read"), journal: null };
      expect(unwrap(await own.runner.runQuery(read))).toBe(1);
      expect(unwrap(await own.runner.runMutation(ask("calls:write")))).toBe(1);
      expect(ended - atFirst).toBeLessThanOrEqual(1);
    }
    expect(ended - before).toBeLessThanOrEqual(1);
    await own.close();
    await Promise.all(bad);
  },
  60_000,
);

/** An admission whose calls go on until they are told to end, and which of them have begun. */
function createCalls() {
  const admission = createAdmission(createTrafficControl(parseTrafficLimits([])));
  const begun: string[] = [];
  const call = (name: string, ip: string, caller: Caller, spentMs: number | null = 0) => {
    const path = { componentPath: "", module: "calls", exportName: name };
    const request = from(ip, `calls:${name}`, {}, caller);
    const asked: EngineCall = { kind: "query", request, path, sessionId: null, mayBeRefused: true };
    let end: () => void = () => undefined;
    const isOver = new Promise<void>((resolve) => (end = resolve));
    const result = admission.runInEngine(asked, async (admitted) => {
      begun.push(name);
      await isOver;
      if (spentMs === null) throw new ServiceError("overloaded", "ShuttingDown", "gone");
      admitted.ran(spentMs);
    });
    return { result, end };
  };
  return { begun, call };
}

test("what callers with one identity use counts together, wherever they are", async () => {
  const { begun, call } = createCalls();
  const first = call("heavy", "203.0.1.7", signedIn("shared"), 2_000);
  first.end();
  await first.result;
  const own = ["one", "two"].map((name, at) => call(name, `203.0.${at + 2}.7`, signedIn("shared")));
  const others = ["three", "four"].map((name) => call(name, "203.0.4.7", signedIn(name)));
  await new Promise(setImmediate);
  expect(begun).toEqual(["heavy", "one", "three", "four"]);
  for (const { end } of [...own, ...others]) end();
  await Promise.all([...own, ...others].map(({ result }) => result));
  expect(begun.at(-1)).toBe("two");
});

test("waiting for a turn costs a caller nothing", async () => {
  const { begun, call } = createCalls();
  const caller = signedIn("patient");
  vi.useFakeTimers({ toFake: ["performance"] });
  onTestFinished(() => void vi.useRealTimers());
  const given = call("refused", "203.0.1.7", caller, null);
  vi.advanceTimersByTime(10_000);
  given.end();
  await expect(given.result).rejects.toThrow("gone");
  const calls = ["one", "two"].map((name) => call(name, "203.0.1.7", caller));
  await new Promise(setImmediate);
  expect(begun).toEqual(["refused", "one", "two"]);
  for (const { end } of calls) end();
  await Promise.all(calls.map(({ result }) => result));
});

test("a suspect's call waits among suspects and its session behind it, until it is over", async () => {
  const admission = createAdmission(createTrafficControl(parseTrafficLimits([])));
  const turns: string[] = [];
  const ask = (exportName: string, sessionId: string, spentMs: number, isOver?: Promise<void>) => {
    const request = from("203.0.113.7", `calls:${exportName}`);
    const path = { componentPath: "", module: "calls", exportName };
    const call: EngineCall = { kind: "mutation", request, path, sessionId, mayBeRefused: true };
    return admission.runInEngine(call, async (admitted) => {
      turns.push(`${exportName} of ${sessionId}, ${admitted.lane}`);
      admitted.begin();
      await isOver;
      admitted.ran(spentMs);
    });
  };
  await ask("slow", "a", 2_000);
  let end: () => void = () => undefined;
  const isOver = new Promise<void>((resolve) => (end = resolve));
  const asked = [ask("slow", "a", 0, isOver), ask("quick", "a", 0), ask("quick", "b", 0)];
  await asked[2];
  await new Promise(setImmediate);
  expect(turns.splice(0)).toEqual([
    "slow of a, ordinary",
    "slow of a, ordinary",
    "quick of a, ordinary",
    "slow of a, suspect",
    "quick of b, ordinary",
  ]);
  end();
  await Promise.all(asked);
  await ask("quick", "a", 0);
  expect(turns).toEqual(["quick of a, ordinary", "quick of a, ordinary"]);
});

test("what a session asks for behind a call that is put off comes after it", async () => {
  const own = await startTestDeployment(SOURCES, {
    traffic: createTrafficControl(parseTrafficLimits([])),
  });
  const over: string[] = [];
  const call = async (path: string, sessionId: string, requestId: number) => {
    const request = from("203.0.113.7", `calls:${path}`);
    await own.runner.runMutation(request, { sessionId, requestId });
    over.push(`${sessionId} ${path}`);
  };
  await call("loopOnWrite", "first", 0);
  await Promise.all([
    call("write", "a", 0),
    call("loopOnWrite", "a", 1),
    call("write", "b", 0),
    call("write", "a", 2),
    call("writeLater", "a", 3),
  ]);
  expect(over.slice(1)).toEqual(["a write", "b write", "a loopOnWrite", "a write", "a writeLater"]);
  await own.close();
}, 60_000);

test("actions that hang take the share of their address; others, and nested ones, go on", async () => {
  const { runner } = deployment;
  for (let call = 0; call < 3; call += 1) {
    void runner.runAction(from("203.0.113.7", "calls:hang")).catch(() => undefined);
  }
  for (let call = 0; call < 3; call += 1) {
    expect(unwrap(await runner.runAction(from("203.0.113.8", "calls:nest")))).toBe(1);
  }
  const more = Array.from({ length: 12 }, () =>
    runner.runAction(from("203.0.113.7", "calls:hang")),
  );
  for (const call of more) call.catch(() => undefined);
  await expect(Promise.race(more)).rejects.toMatchObject({ code: "TooManyConcurrentRequests" });
}, 30_000);
