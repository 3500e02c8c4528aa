import { expect, test, vi } from "vitest";

import type { Caller, FunctionRunner, QueryOutcome, WatchRequest } from "./types.ts";
import { withoutDetails } from "./without-details.ts";

const FAILED: QueryOutcome = {
  ok: false,
  errorMessage:
    "[Request ID: 1] Server Error\nUncaught Error: no\n    at handler (../convex/a.ts:1:2)\n",
  errorDataJson: '{"code":"NO"}',
  logLines: ["[LOG] 'secret'"],
  journal: null,
};
const DONE: QueryOutcome = { ok: true, valueJson: "1", logLines: ["[LOG] 'a'"], journal: null };

function runnerOf(outcome: QueryOutcome): FunctionRunner {
  const evaluate = vi.fn().mockResolvedValue(outcome);
  return {
    runQuery: vi.fn().mockResolvedValue(outcome),
    runMutation: vi.fn(),
    runScheduledMutation: vi.fn(),
    runAction: vi.fn(),
    functionType: vi.fn(),
    runAny: vi.fn(),
    runHttpAction: vi.fn(),
    watch: () => ({ evaluate, isFresh: true, release: vi.fn() }),
    drain: vi.fn(),
  };
}

function requestOf(caller: Caller): WatchRequest {
  const metadata = { requestId: "1", ip: null, userAgent: null };
  return { componentPath: "", path: "a:b", argsJson: "[{}]", caller, metadata, journal: null };
}

const CLIENT = requestOf({ kind: "client", identity: null });

test("a client is told the error and its data, without stack and log lines", async () => {
  expect(await withoutDetails(runnerOf(FAILED)).runQuery(CLIENT)).toEqual({
    ...FAILED,
    errorMessage: "[Request ID: 1] Server Error\nUncaught Error: no\n",
    logLines: [],
  });
});

test("a client gets a value without the log lines of its making", async () => {
  expect(await withoutDetails(runnerOf(DONE)).runQuery(CLIENT)).toEqual({ ...DONE, logLines: [] });
});

test("an admin sees everything", async () => {
  const request = requestOf({ kind: "admin", actingAs: null });
  expect(await withoutDetails(runnerOf(FAILED)).runQuery(request)).toBe(FAILED);
});

test("a live query that did not change stays the same object", async () => {
  const live = withoutDetails(runnerOf(FAILED)).watch(CLIENT, () => undefined);
  expect(await live.evaluate(1n)).toBe(await live.evaluate(2n));
  expect(await live.evaluate(2n)).toMatchObject({ logLines: [] });
});
