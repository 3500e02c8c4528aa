import { expect, test } from "vitest";

import { UpdateRounds, type UpdatedSession } from "./update-rounds.ts";

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A disk that is told when it is done, and sessions that note what they are told to do. */
function open() {
  const told: string[] = [];
  const flushes = new Map<bigint, Flush>();
  const flushed = (ts: bigint) => {
    const known = flushes.get(ts) ?? newFlush();
    flushes.set(ts, known);
    return known.promise;
  };
  const rounds = new UpdateRounds({ flushed });
  const session = (name: string | number): UpdatedSession => ({
    startUpdate: () => void told.push(`start ${name}`),
    finishUpdate: () => void told.push(`finish ${name}`),
    failUpdate: (error) => void told.push(`${(error as Error).message} ${name}`),
  });
  return {
    told,
    rounds,
    session,
    flushed,
    flush: (ts: bigint) => flushes.get(ts)!.resolve(),
    flushes,
  };
}

interface Flush {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

function newFlush(): Flush {
  let resolve: () => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<void>((fulfil, refuse) => ([resolve, reject] = [fulfil, refuse]));
  return { promise, resolve, reject };
}

test("sessions that are due start in the order they came, the others after what the first one asks for", async () => {
  const { told, rounds, session } = open();
  const first = session("first");
  rounds.add({
    ...first,
    startUpdate() {
      first.startUpdate();
      void Promise.resolve().then(() => told.push("computed"));
    },
  });
  for (const name of ["second", "third"]) rounds.add(session(name));
  expect(told).toEqual([]);
  await turn();
  await turn();
  expect(told).toEqual(["start first", "computed", "start second", "start third"]);
});

test("who waits for the disk himself goes on before watchers are told", async () => {
  const { told, rounds, session, flushed, flush } = open();
  rounds.finishWhenDurable(1n, session("watcher"));
  const writer = (async () => {
    await flushed(1n);
    for (let hop = 0; hop < 10; hop += 1) await Promise.resolve();
    told.push("writer");
  })();
  flush(1n);
  await writer;
  await turn();
  expect(told).toEqual(["writer", "finish watcher"]);
});

test("each session is finished once, at its own timestamp", async () => {
  const { told, rounds, session, flush } = open();
  rounds.finishWhenDurable(1n, session("a"));
  rounds.finishWhenDurable(2n, session("b"));
  rounds.finishWhenDurable(1n, session("c"));
  flush(1n);
  await turn();
  expect(told.sort()).toEqual(["finish a", "finish c"]);
  flush(2n);
  await turn();
  rounds.finishWhenDurable(2n, session("d"));
  await turn();
  expect(told.sort()).toEqual(["finish a", "finish b", "finish c", "finish d"]);
});

test("the event loop has turns while many are told", async () => {
  const { told, rounds, session, flush } = open();
  const names = Array.from({ length: 1_000 }, (_, n) => n);
  for (const name of names) rounds.finishWhenDurable(1n, session(name));
  flush(1n);
  const steps: number[] = [];
  while (told.length < names.length) {
    await turn();
    steps.push(told.length);
  }
  expect(told).toEqual(names.map((name) => `finish ${name}`));
  expect(Math.max(...steps.map((step, at) => step - (steps[at - 1] ?? 0)))).toBeLessThan(200);
});

test("when the disk fails, every session that waits for it does", async () => {
  const { told, rounds, session, flushes } = open();
  for (const name of ["a", "b"]) rounds.finishWhenDurable(1n, session(name));
  flushes.get(1n)!.reject(new Error("stopped"));
  await turn();
  expect(told).toEqual(["stopped a", "stopped b"]);
});
