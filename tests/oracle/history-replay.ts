/** The registers in one thread: what every step of a serial execution has to see. */
import { isDeepStrictEqual } from "node:util";

import { Anomaly, type RanTransaction, type Register } from "./history.ts";
import type { Step } from "./programs.ts";

type Contents = Map<number, string>;

class Failure extends Error {
  readonly trace: readonly unknown[];

  constructor(trace: readonly unknown[]) {
    super("failed on purpose");
    this.trace = trace;
  }
}

/**
 * Executes the transactions one after the other; returns what the registers hold then.
 * @throws Anomaly where one saw something else.
 */
export function replay(
  initial: readonly Register[],
  order: readonly RanTransaction[],
): readonly Register[] {
  let contents: Contents = new Map(initial.map(({ key, value }) => [key, value]));
  for (const { name, steps, trace, isAborted } of order) {
    const after = new Map(contents);
    let expected: readonly unknown[];
    try {
      expected = perform(after, steps);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      expected = error.trace;
    }
    if (!isDeepStrictEqual(trace, expected)) {
      throw new Anomaly(
        `${name} saw ${JSON.stringify(trace)}, in this order it is ${JSON.stringify(expected)}`,
      );
    }
    if (!isAborted) contents = after;
  }
  return sorted(contents);
}

/** Changes `contents`, also when it fails: the caller keeps what was before. */
function perform(contents: Contents, steps: readonly Step[]): unknown[] {
  const trace: unknown[] = [];
  for (const step of steps) {
    if (step.kind === "fail") throw new Failure(trace);
    trace.push(performOne(contents, step));
  }
  return trace;
}

function performOne(contents: Contents, step: Step): unknown {
  switch (step.kind) {
    case "read":
      return contents.get(step.key) ?? null;
    case "write": {
      const previous = contents.get(step.key) ?? null;
      contents.set(step.key, step.value);
      return previous;
    }
    case "remove": {
      const previous = contents.get(step.key) ?? null;
      contents.delete(step.key);
      return previous;
    }
    case "scan": {
      const inside = sorted(contents).filter(({ key }) => key >= step.from && key < step.to);
      return (step.order === "asc" ? inside : inside.reverse()).slice(0, step.limit);
    }
    case "look":
    case "stale":
      return perform(contents, step.steps);
    case "nested":
    case "remote":
      return performNested(contents, step.steps);
    case "digest":
      return 32;
    case "schedule":
    case "fail":
      return null;
  }
}

function performNested(contents: Contents, steps: readonly Step[]): unknown {
  const before = new Map(contents);
  try {
    return { failed: false, trace: perform(contents, steps) };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    contents.clear();
    for (const [key, value] of before) contents.set(key, value);
    return { failed: true, trace: error.trace };
  }
}

function sorted(contents: Contents): Register[] {
  return Array.from(contents, ([key, value]) => ({ key, value })).sort(
    (left, right) => left.key - right.key,
  );
}
