/** Random transactions over a few registers. */
import fc from "fast-check";

/** A step as `tests/fixtures/oracle/convex/registers.ts` performs it. */
export type Step =
  | { readonly kind: "read" | "remove"; readonly key: number }
  | {
      readonly kind: "write";
      readonly key: number;
      /** Written by nobody else. */
      readonly value: string;
      readonly isReplacing: boolean;
    }
  | {
      readonly kind: "scan";
      readonly from: number;
      readonly to: number;
      readonly order: "asc" | "desc";
      readonly limit: number;
    }
  | { readonly kind: "digest" | "fail" }
  /** `remote` is a call of a component with registers of its own; `stale` sees the transaction's start. */
  | { readonly kind: "nested" | "remote" | "look" | "stale"; readonly steps: readonly Step[] }
  | {
      readonly kind: "schedule";
      readonly transaction: string;
      readonly steps: readonly Step[];
      readonly afterMs: number;
    };

export interface Program {
  readonly transaction: string;
  readonly steps: readonly Step[];
}

const KEYS = 8;
/** Registers with these keys exist at first, the others do not. */
export const FIRST_KEYS: readonly number[] = [0, 1, 2, 3, 4];
/** Likewise in the component, whose keys come behind the app's. */
export const FIRST_STORED_KEYS: readonly number[] = [KEYS, KEYS + 1, KEYS + 2];

const digest = fc.constant({ kind: "digest" as const });
const local = simpleSteps(0);
const stored = simpleSteps(KEYS);
const looks = local.looks;
const simple: fc.Arbitrary<Step> = fc.oneof(
  { weight: 11, arbitrary: local.simple },
  { weight: 1, arbitrary: digest },
);

/** Over the keys from `first` on. */
function simpleSteps(first: number): Record<"looks" | "simple", fc.Arbitrary<Step>> {
  const key = fc.integer({ min: first, max: first + KEYS - 1 });
  const read = fc.record({ kind: fc.constant("read" as const), key });
  const scan = fc.record({
    kind: fc.constant("scan" as const),
    from: key,
    to: fc.integer({ min: first + 1, max: first + KEYS }),
    order: fc.constantFrom("asc" as const, "desc" as const),
    limit: fc.integer({ min: 1, max: 4 }),
  });
  const write = fc.record({
    kind: fc.constant("write" as const),
    key,
    value: fc.constant(""),
    isReplacing: fc.boolean(),
  });
  const remove = fc.record({ kind: fc.constant("remove" as const), key });
  return {
    looks: fc.oneof(read, scan),
    simple: fc.oneof(
      { weight: 3, arbitrary: read },
      { weight: 2, arbitrary: scan },
      { weight: 5, arbitrary: write },
      { weight: 1, arbitrary: remove },
    ),
  };
}

const remote: fc.Arbitrary<Step> = fc.record({
  kind: fc.constant("remote" as const),
  steps: failingSometimes(stored.simple),
});
const stale: fc.Arbitrary<Step> = fc.record({
  kind: fc.constant("stale" as const),
  steps: fc.array(looks, { minLength: 1, maxLength: 2 }),
});

function failingSometimes(step: fc.Arbitrary<Step>): fc.Arbitrary<Step[]> {
  return fc
    .tuple(fc.array(step, { minLength: 1, maxLength: 3 }), fc.boolean())
    .map(([steps, fails]) => (fails ? [...steps, { kind: "fail" }] : steps));
}
const nestedSteps = failingSometimes(simple);
const nested: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("nested" as const), steps: nestedSteps }),
  fc.record({
    kind: fc.constant("nested" as const),
    // A nested failure inside a nested transaction that may fail as well.
    steps: fc
      .tuple(fc.array(simple, { maxLength: 2 }), nestedSteps, nestedSteps)
      .map(([before, inner, after]) => [
        ...before,
        { kind: "nested" as const, steps: inner },
        ...after,
      ]),
  }),
  fc.record({
    kind: fc.constant("look" as const),
    steps: fc.array(looks, { minLength: 1, maxLength: 2 }),
  }),
);

/** Steps of one transaction; a `whole` deployment lets it schedule others and call a component. */
export function steps(where: "whole" | "alone"): fc.Arbitrary<Step[]> {
  const isWhole = where === "whole";
  const schedule: fc.Arbitrary<Step> = fc.record({
    kind: fc.constant("schedule" as const),
    transaction: fc.constant(""),
    steps: fc.array(simple, { minLength: 1, maxLength: 3 }),
    afterMs: fc.nat(3),
  });
  const step = fc.oneof(
    { weight: 8, arbitrary: simple },
    { weight: 3, arbitrary: nested },
    { weight: 1, arbitrary: stale },
    { weight: isWhole ? 3 : 0, arbitrary: remote },
    { weight: isWhole ? 2 : 0, arbitrary: schedule },
  );
  return fc
    .tuple(fc.array(step, { minLength: 1, maxLength: 5 }), fc.nat(9))
    .map(([steps, luck]) => (luck === 0 ? [...steps, { kind: "fail" }] : steps));
}

/** Steps of a query. */
export const querySteps: fc.Arbitrary<Step[]> = fc.array(looks, { minLength: 1, maxLength: 4 });

/**
 * Names the transactions and makes every written value unique. Of the removals of a key only the
 * first stays, so that "absent" has one meaning per key and the graph of dependencies is exact.
 */
export function makePrograms(scripts: readonly (readonly Step[])[]): Program[] {
  const removed = new Set<number>();
  return scripts.map((script, position) => {
    const transaction = `t${position}`;
    let counter = 0;
    const nextName = () => `${transaction}.${(counter += 1)}`;
    const finish = (steps: readonly Step[]): Step[] =>
      steps.flatMap((step): Step[] => {
        switch (step.kind) {
          case "write":
            return [{ ...step, value: nextName() }];
          case "remove": {
            const isKnown = [...FIRST_KEYS, ...FIRST_STORED_KEYS].includes(step.key);
            if (removed.has(step.key) || !isKnown) return [];
            removed.add(step.key);
            return [step];
          }
          case "nested":
          case "remote":
          case "look":
          case "stale":
            return [{ ...step, steps: finish(step.steps) }];
          case "schedule":
            return [{ ...step, transaction: nextName(), steps: finish(step.steps) }];
          default:
            return [step];
        }
      });
    return { transaction, steps: finish(script) };
  });
}

/** Programs that the given ones schedule, if they commit. */
export function scheduledBy({ steps }: Program): Program[] {
  return steps.flatMap((step) => (step.kind === "schedule" ? [step] : []));
}
