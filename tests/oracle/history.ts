/** What a client can tell about transactions that ran, and what each of them read and wrote. */
import type { Step } from "./programs.ts";

export interface RanTransaction {
  readonly name: string;
  readonly steps: readonly Step[];
  /** What each step saw, as far as it came. */
  readonly trace: readonly unknown[];
  /** A failed one wrote nothing, but what it read has to be a state all the same. */
  readonly isAborted: boolean;
  /** As the server said, where it says so. */
  readonly ts: bigint | null;
  /** Positions in the order of what the clients did and heard. */
  readonly invokedAt: number;
  readonly answeredAt: number;
  /** Names of transactions that are known to come before: of the same socket, or that scheduled it. */
  readonly after: readonly string[];
}

/** A key in one state: its value, or absence. Values are unique in a history. */
export type Version = string;

export interface Effects {
  /** Versions of others that it saw. */
  readonly reads: ReadonlyMap<number, Version>;
  /** What it left behind, and what it replaced. */
  readonly writes: ReadonlyMap<number, { readonly previous: Version; readonly version: Version }>;
}

/** Something no serial execution explains. */
export class Anomaly extends Error {
  override readonly name = "Anomaly";
}

export function versionOf(key: number, value: string | null): Version {
  return `${key}=${value ?? "absent"}`;
}

/** @throws Anomaly when a transaction contradicts itself. */
export function effectsOf({ name, steps, trace, isAborted }: RanTransaction): Effects {
  const reads = new Map<number, Version>();
  let own = new Map<number, Version>();

  function see(key: number, value: string | null): void {
    const version = versionOf(key, value);
    const expected = own.get(key) ?? reads.get(key);
    if (expected === undefined) reads.set(key, version);
    else if (expected !== version) {
      throw new Anomaly(`${name} saw ${version} where it had to see ${expected}`);
    }
  }

  function follow(steps: readonly Step[], trace: readonly unknown[]): void {
    for (const [position, seen] of trace.entries()) {
      const step = steps[position];
      if (step === undefined) throw new Anomaly(`${name} saw more than it did`);
      followOne(step, seen);
    }
  }

  function followOne(step: Step, seen: unknown): void {
    switch (step.kind) {
      case "read":
        see(step.key, seen as string | null);
        break;
      case "write":
        see(step.key, seen as string | null);
        own.set(step.key, versionOf(step.key, step.value));
        break;
      case "remove":
        see(step.key, seen as string | null);
        own.set(step.key, versionOf(step.key, null));
        break;
      case "scan":
        for (const [key, value] of scanned(step, seen as Register[])) see(key, value);
        break;
      case "look":
        follow(step.steps, seen as unknown[]);
        break;
      case "nested":
      case "remote": {
        const { failed, trace } = seen as { failed: boolean; trace: unknown[] };
        const before = new Map(own);
        follow(step.steps, trace);
        if (failed) own = before;
      }
    }
  }

  follow(steps, trace);
  const writes = new Map<number, { previous: Version; version: Version }>();
  for (const [key, version] of isAborted ? [] : own) {
    const previous = reads.get(key);
    // Written and taken back: nobody can tell.
    if (previous !== undefined && previous !== version) writes.set(key, { previous, version });
  }
  return { reads, writes };
}

/**
 * Takes out what was seen of stale snapshots: each is a transaction of its own that only reads, comes
 * before the one that asked and has nothing to do with its writes.
 */
export function withoutStale(ran: readonly RanTransaction[]): RanTransaction[] {
  return ran.flatMap((transaction) => {
    const { name, steps, trace, after } = transaction;
    const isStale = (_: unknown, position: number) => steps[position]?.kind === "stale";
    const isOwn = (_: unknown, position: number) => steps[position]?.kind !== "stale";
    const looks = steps.filter(isStale).slice(0, trace.filter(isStale).length);
    if (looks.length === 0) return [{ ...transaction, steps: steps.filter(isOwn) }];
    const stale = {
      ...transaction,
      name: `${name}'s stale snapshot`,
      steps: looks.flatMap((look) => ("steps" in look ? look.steps : [])),
      trace: trace.filter(isStale).flat(),
      isAborted: false,
      ts: null,
    };
    const own = { steps: steps.filter(isOwn), trace: trace.filter(isOwn) };
    return [stale, { ...transaction, ...own, after: [...after, stale.name] }];
  });
}

export interface Register {
  readonly key: number;
  readonly value: string;
}

/** What a scan says about every key it covered: with a limit it ends at the last one found. */
function scanned(
  { from, to, order, limit }: Extract<Step, { kind: "scan" }>,
  found: readonly Register[],
): Map<number, string | null> {
  const values = new Map(found.map(({ key, value }) => [key, value]));
  const last = found.length < limit ? undefined : found.at(-1)?.key;
  const lowest = order === "desc" ? (last ?? from) : from;
  const highest = order === "asc" ? (last ?? to - 1) : to - 1;
  const covered = new Map<number, string | null>();
  for (let key = lowest; key <= highest; key += 1) covered.set(key, values.get(key) ?? null);
  return covered;
}
