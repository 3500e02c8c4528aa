import { expect, test } from "vitest";

import type { FunctionRequest, FunctionRunner, QueryOutcome } from "../functions/types.ts";
import { createFunctionLog, withFunctionLog } from "./function-log.ts";

const request: FunctionRequest = {
  componentPath: "",
  path: "notes:add",
  argsJson: "[{}]",
  caller: { kind: "client", identity: null },
  metadata: { requestId: "0123456789abcdef", ip: null, userAgent: null },
};
const success: QueryOutcome = { ok: true, valueJson: "1", logLines: ["[LOG] 'x'"], journal: null };
const failure: QueryOutcome = { ok: false, errorMessage: "no", logLines: [], journal: null };

function runnerOf(outcome: QueryOutcome): FunctionRunner {
  return {
    runQuery: () => Promise.resolve(outcome),
    watch: () => ({
      evaluate: () => Promise.resolve(outcome),
      isFresh: true,
      release: () => undefined,
    }),
  } as unknown as FunctionRunner;
}

test("each call is noted with its log lines or its error", async () => {
  const log = createFunctionLog(() => 1000);
  await withFunctionLog(runnerOf(success), log).runQuery({ ...request, journal: null });
  await withFunctionLog(runnerOf(failure), log).runQuery({ ...request, journal: null });
  const { entries } = await log.poll(0, 0);
  expect(entries).toMatchObject([
    { identifier: "notes:add", udfType: "Query", logLines: ["[LOG] 'x'"], error: null },
    { identifier: "notes:add", udfType: "Query", logLines: [], error: "no" },
  ]);
});

test("a poll returns what came after its cursor, though the clock stands still", async () => {
  const log = createFunctionLog(() => 1000);
  const runner = withFunctionLog(runnerOf(success), log);
  await runner.runQuery({ ...request, journal: null });
  const first = await log.poll(0, 0);
  await runner.runQuery({ ...request, path: "notes:second", journal: null });
  const second = await log.poll(first.newCursor, 0);
  expect(second.entries).toMatchObject([{ identifier: "notes:second" }]);
  expect(await log.poll(second.newCursor, 0)).toEqual({
    entries: [],
    newCursor: second.newCursor,
  });
});

test("a first poll of an empty log learns where the log ends", async () => {
  const log = createFunctionLog(() => 1000);
  const { newCursor } = await log.poll(0, 0);
  expect(newCursor).toBeGreaterThan(0);
  await withFunctionLog(runnerOf(success), log).runQuery({ ...request, journal: null });
  expect((await log.poll(newCursor, 0)).entries).toHaveLength(1);
});

test("an HTTP action is noted when it has ended", async () => {
  const log = createFunctionLog(() => 1000);
  const runner = {
    runHttpAction: (...[, , , onEnded]: Parameters<FunctionRunner["runHttpAction"]>) => {
      onEnded?.({ error: "no", logLines: ["[LOG] 'x'"] });
      return Promise.resolve(new Response());
    },
  } as unknown as FunctionRunner;
  const incoming = new Request("http://localhost/echo?a=1", { method: "POST" });
  await withFunctionLog(runner, log).runHttpAction(
    incoming,
    { caller: request.caller },
    request.metadata,
  );
  expect((await log.poll(0, 0)).entries).toMatchObject([
    { identifier: "POST /echo", udfType: "HttpAction", error: "no", logLines: ["[LOG] 'x'"] },
  ]);
});

test("a poll that finds nothing waits for the next call", async () => {
  const log = createFunctionLog(() => 1000);
  const waiting = log.poll(0, 60_000);
  await withFunctionLog(runnerOf(success), log).runQuery({ ...request, journal: null });
  expect((await waiting).entries).toHaveLength(1);
  const given = log.poll(2000, 60_000);
  log.close();
  expect((await given).entries).toEqual([]);
});

test("a live query is noted when it was run, not for each of its watchers", async () => {
  const log = createFunctionLog(() => 1000);
  const runner = withFunctionLog(runnerOf(success), log);
  for (const live of [1, 2].map(() =>
    runner.watch({ ...request, journal: null }, () => undefined),
  )) {
    await live.evaluate(1n);
    await live.evaluate(2n);
  }
  expect((await log.poll(0, 0)).entries).toHaveLength(1);
});

test("the log keeps the latest thousand calls", async () => {
  const log = createFunctionLog(() => 1000);
  const runner = withFunctionLog(runnerOf(success), log);
  for (let index = 0; index < 1010; index += 1) {
    await runner.runQuery({ ...request, path: `notes:${index}`, journal: null });
  }
  const { entries } = await log.poll(0, 0);
  expect([entries.length, entries[0]?.identifier]).toEqual([1000, "notes:10"]);
});
