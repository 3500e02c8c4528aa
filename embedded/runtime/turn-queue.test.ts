import { expect, test } from "vitest";

import { TurnQueue } from "./turn-queue.ts";

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
