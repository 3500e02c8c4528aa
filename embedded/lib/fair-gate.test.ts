import { expect, test } from "vitest";

import { FairGate, type FairGateOptions } from "./fair-gate.ts";

function createGate(options: Partial<FairGateOptions> = {}) {
  const clock = { ms: 0 };
  const gate = new FairGate({
    slots: 2,
    slotsPerKey: 2,
    waiting: 10,
    waitingPerKey: 5,
    reserve: 1,
    now: () => clock.ms,
    ...options,
  });
  const started: string[] = [];
  const ends = new Map<string, () => void>();
  const refused: string[] = [];
  /** Asks for a turn for a task that goes on until `end(name)`. */
  const ask = (name: string, keys: readonly string[], options?: { mayBeRefused: boolean }) => {
    const run = gate.run(
      keys,
      () => {
        started.push(name);
        return new Promise<void>((resolve) => ends.set(name, resolve));
      },
      options,
    );
    run.catch((error: unknown) => void refused.push(`${name} ${(error as { code: string }).code}`));
  };
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  const end = async (name: string, afterMs = 1) => {
    clock.ms += afterMs;
    ends.get(name)?.();
    await settle();
  };
  return { gate, started, refused, ask, end, settle, clock };
}

test("no more tasks run at a time than there are slots, and the next starts when one ends", async () => {
  const { started, ask, end } = createGate();
  for (const name of ["a", "b", "c"]) ask(name, [name]);
  expect(started).toEqual(["a", "b"]);
  await end("b");
  expect(started).toEqual(["a", "b", "c"]);
});

test("who has used less goes before who asked earlier", async () => {
  const { started, ask, end, settle } = createGate({ slots: 1, slotsPerKey: 1 });
  ask("greedy 1", ["greedy"]);
  for (const name of ["greedy 2", "greedy 3", "greedy 4"]) ask(name, ["greedy"]);
  await settle();
  ask("modest", ["modest"]);
  await end("greedy 1", 100);
  expect(started).toEqual(["greedy 1", "modest"]);
  await end("modest", 1);
  expect(started).toEqual(["greedy 1", "modest", "greedy 2"]);
});

test("an identity with many addresses and an address with many identities count as one", async () => {
  for (const keysOf of [
    (index: number) => [`address ${index}`, "identity x"],
    (index: number) => ["address x", `identity ${index}`],
  ]) {
    const { started, ask, end, settle } = createGate({ slots: 1, slotsPerKey: 1 });
    for (let index = 0; index < 4; index += 1) ask(`greedy ${index}`, keysOf(index));
    ask("modest", ["address y", "identity y"]);
    await settle();
    await end("greedy 0", 100);
    expect(started).toEqual(["greedy 0", "modest"]);
  }
});

test("one key gets its share of the slots only", async () => {
  const { started, ask, settle } = createGate({ slots: 4, slotsPerKey: 2 });
  for (const name of ["a 1", "a 2", "a 3"]) ask(name, ["a"]);
  ask("b 1", ["b"]);
  await settle();
  expect(started).toEqual(["a 1", "a 2", "b 1"]);
});

test("a key whose tasks took long gets one slot at a time", async () => {
  const { started, ask, end, settle } = createGate({ slots: 4, slotsPerKey: 4 });
  ask("slow 1", ["slow"]);
  await end("slow 1", 1_500);
  ask("slow 2", ["slow"]);
  ask("slow 3", ["slow"]);
  ask("quick", ["quick"]);
  await settle();
  expect(started).toEqual(["slow 1", "slow 2", "quick"]);
});

test("what was used is forgotten in time", async () => {
  const { started, ask, end, settle, clock } = createGate({ slots: 4, slotsPerKey: 4 });
  ask("slow 1", ["slow"]);
  await end("slow 1", 1_500);
  clock.ms += 60_000;
  ask("slow 2", ["slow"]);
  ask("slow 3", ["slow"]);
  await settle();
  expect(started).toEqual(["slow 1", "slow 2", "slow 3"]);
});

test("a key that has its share of the queue is refused, others are not", async () => {
  const { refused, ask, settle } = createGate({ slots: 1, waiting: 10, waitingPerKey: 3 });
  for (let index = 0; index < 6; index += 1) ask(`greedy ${index}`, ["greedy"]);
  ask("modest", ["modest"]);
  await settle();
  expect(refused).toEqual([
    "greedy 4 TooManyConcurrentRequests",
    "greedy 5 TooManyConcurrentRequests",
  ]);
});

test("who is refused is told why in Convex's words", async () => {
  const { gate } = createGate({ slots: 1, waiting: 0 });
  let end: () => void = () => undefined;
  const running = gate.run([], () => new Promise<void>((resolve) => (end = resolve)));
  await expect(gate.run(["a"], () => Promise.resolve())).rejects.toThrow(
    "Too many concurrent requests in a short period of time. Spread out your requests out over time " +
      "or throttle them to avoid errors.",
  );
  end();
  await running;
});

test("a full queue refuses the last of those who have most in it", async () => {
  const { refused, ask, settle, gate } = createGate({ slots: 1, waiting: 4, waitingPerKey: 3 });
  for (const name of ["x", "a 1", "a 2", "a 3", "b"]) ask(name, [name.slice(0, 1)]);
  ask("newcomer", ["newcomer"]);
  await settle();
  expect(refused).toEqual(["a 3 TooManyConcurrentRequests"]);
  expect(gate.load).toBe(5);
});

test("what must not be refused waits however long the queue is", async () => {
  const { refused, ask, settle } = createGate({ slots: 1, waiting: 2, waitingPerKey: 1 });
  for (let index = 0; index < 20; index += 1) ask(`${index}`, ["a"], { mayBeRefused: false });
  await settle();
  expect(refused).toEqual([]);
});

test("tasks without keys go first and have slots in reserve", async () => {
  const { started, ask, end, settle } = createGate({ slots: 1, reserve: 1 });
  ask("stranger 1", ["a"]);
  ask("stranger 2", ["b"]);
  ask("own 1", []);
  ask("own 2", []);
  await settle();
  expect(started).toEqual(["stranger 1", "own 1"]);
  await end("own 1");
  expect(started).toEqual(["stranger 1", "own 1", "own 2"]);
});

test("a task that fails gives its slot back", async () => {
  const { gate } = createGate({ slots: 1, reserve: 0 });
  await expect(gate.run(["a"], () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  await expect(gate.run(["a"], () => Promise.resolve(1))).resolves.toBe(1);
  expect(gate.load).toBe(0);
});
