import { expect, test, vi } from "vitest";

import { TurnQueue, type Lane } from "./turn-queue.ts";

test("tasks run one at a time, in order, also after one has failed", async () => {
  const turns = new TurnQueue();
  const events: string[] = [];
  const task = (name: string, fails = false) =>
    turns.run(async () => {
      events.push(`${name} begins`);
      await new Promise(setImmediate);
      events.push(`${name} ends`);
      if (fails) throw new Error(name);
      return name;
    });
  const results = await Promise.allSettled([task("a"), task("b", true), task("c")]);
  expect(events).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
});

test("idle waits for what was asked for so far", async () => {
  const turns = new TurnQueue();
  let isDone = false;
  void turns.run(async () => {
    await new Promise(setImmediate);
    isDone = true;
  });
  await turns.idle();
  expect(isDone).toBe(true);
});

/** A queue whose turns go on until they are told to end. */
function createQueue() {
  const clock = { ms: 0 };
  const turns = new TurnQueue(() => clock.ms);
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const refused: string[] = [];
  const settle = () => new Promise(setImmediate);
  const ask = (name: string, lane: Lane) => {
    const task = () => {
      begun.push(name);
      return new Promise<void>((resolve) => ends.set(name, resolve));
    };
    turns.run(task, lane).catch(() => void refused.push(name));
  };
  const end = async (name: string) => {
    ends.get(name)?.();
    await settle();
    await settle();
  };
  return { turns, clock, begun, refused, ask, end, settle };
}

test("suspects wait for everybody else", async () => {
  const { begun, ask, end, settle } = createQueue();
  ask("first", "ordinary");
  ask("suspect", "suspect");
  await settle();
  ask("second", "ordinary");
  await end("first");
  expect(begun).toEqual(["first", "second"]);
  await end("second");
  expect(begun).toEqual(["first", "second", "suspect"]);
});

test("a suspect that has waited for five seconds goes before others", async () => {
  const { begun, clock, ask, end, settle } = createQueue();
  ask("first", "ordinary");
  ask("suspect", "suspect");
  ask("second", "ordinary");
  await settle();
  clock.ms = 5_000;
  await end("first");
  expect(begun).toEqual(["first", "suspect"]);
});

test("a suspect's patience begins when the rest after a long turn is over", async () => {
  const { turns, begun, clock, ask, end, settle } = createQueue();
  ask("long", "ordinary");
  await settle();
  turns.rest(3_000);
  ask("suspect", "suspect");
  ask("second", "ordinary");
  ask("third", "ordinary");
  await end("long");
  clock.ms = 7_999;
  await end("second");
  expect(begun).toEqual(["long", "second", "third"]);
  ask("fourth", "ordinary");
  clock.ms = 8_000;
  await end("third");
  expect(begun).toEqual(["long", "second", "third", "suspect"]);
});

test("after a long turn a suspect leaves a third of the rest when nobody else has had a turn since", async () => {
  const { turns, begun, refused, clock, ask, end, settle } = createQueue();
  ask("long", "ordinary");
  await settle();
  turns.rest(60);
  await end("long");
  // It is told that it is a suspect when its turn has come.
  turns.run(() => Promise.reject(new Error("put off"))).catch(() => void refused.push("put off"));
  await settle();
  ask("again", "suspect");
  await settle();
  expect([begun, refused]).toEqual([["long"], ["put off"]]);
  clock.ms = 19;
  ask("and again", "suspect");
  await settle();
  expect(begun).toEqual(["long"]);
  clock.ms = 20;
  await vi.waitFor(() => expect(begun).toEqual(["long", "again"]));
  turns.rest(60);
  await end("again");
  expect(begun).toEqual(["long", "again"]);
  clock.ms = 40;
  await vi.waitFor(() => expect(begun).toEqual(["long", "again", "and again"]));
});

test("who is heard while a suspect listens goes before it", async () => {
  const { turns, begun, clock, ask, end, settle } = createQueue();
  ask("long", "suspect");
  ask("again", "suspect");
  await settle();
  turns.rest(20);
  await end("long");
  clock.ms = 4;
  ask("heard", "ordinary");
  await settle();
  clock.ms = 19;
  await end("heard");
  expect(begun).toEqual(["long", "heard"]);
  clock.ms = 20;
  await vi.waitFor(() => expect(begun).toEqual(["long", "heard", "again"]));
});

test("after a long turn no suspect begins for a while once others did, not even alone", async () => {
  const { turns, begun, clock, ask, end, settle } = createQueue();
  ask("long", "suspect");
  await settle();
  turns.rest(20);
  await end("long");
  ask("suspect", "suspect");
  ask("ordinary", "ordinary");
  await settle();
  expect(begun).toEqual(["long", "ordinary"]);
  await end("ordinary");
  expect(begun).toEqual(["long", "ordinary"]);
  clock.ms = 20;
  await vi.waitFor(() => expect(begun).toEqual(["long", "ordinary", "suspect"]));
});

test("the event loop goes round after a long turn, before the next one begins", async () => {
  const { turns, begun, ask, end, settle } = createQueue();
  ask("long", "ordinary");
  ask("next", "ordinary");
  await settle();
  turns.rest(20);
  const ended = end("long");
  await Promise.resolve().then(() => Promise.resolve());
  expect(begun).toEqual(["long"]);
  await ended;
  expect(begun).toEqual(["long", "next"]);
});

test("who has not begun is refused, and who asks later; what runs goes on", async () => {
  const { turns, begun, refused, ask, end, settle } = createQueue();
  ask("runs", "ordinary");
  ask("waits", "ordinary");
  ask("suspect", "suspect");
  await settle();
  turns.refuse("suspect", new Error("no"));
  await settle();
  expect(refused).toEqual(["suspect"]);
  turns.refuse("ordinary", new Error("no"));
  ask("late", "ordinary");
  await settle();
  expect(refused).toEqual(["suspect", "waits", "late"]);
  expect(begun).toEqual(["runs"]);
  await end("runs");
  await turns.idle();
});
