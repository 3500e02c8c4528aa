/** Random concurrent histories have to be those of some serial order. */
import { convexToJson } from "convex/values";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

import { schemaOf } from "#embedded/database/test-database.ts";
import {
  requestOf,
  startTestDeployment,
  type TestDeployment,
} from "#embedded/functions/test-deployment.ts";
import type { MutationOutcome, QueryOutcome } from "#embedded/functions/types.ts";
import { fixtureSources } from "#embedded/test-backend.ts";

import { CommitGate } from "./commit-gate.ts";
import { serialOrder } from "./history-graph.ts";
import { replay } from "./history-replay.ts";
import { Anomaly, effectsOf, withoutStale, type RanTransaction, type Register } from "./history.ts";
import {
  startOracleDeployment,
  valueOf,
  type Answer,
  type OracleDeployment,
} from "./oracle-deployment.ts";
import { expectEnough, oracleRuns, oracleTimeout } from "./oracle-runs.ts";
import {
  FIRST_KEYS,
  FIRST_STORED_KEYS,
  makePrograms,
  querySteps,
  scheduledBy,
  steps,
  type Program,
  type Step,
} from "./programs.ts";
import { SyncProbe } from "./sync-probe.ts";

const first = (key: number): Register => ({ key, value: `first.${key}` });
const initial = FIRST_KEYS.map(first);
const initiallyStored = FIRST_STORED_KEYS.map(first);

/** What clients did and heard, in the order in which they did. */
class Recorder {
  readonly ran: RanTransaction[] = [];
  #clock = 0;

  /** Notes a transaction unless it never happened (`null`). */
  async record(
    { transaction, steps }: Program,
    after: readonly string[],
    call: () => Promise<Ending | null>,
  ): Promise<void> {
    const invokedAt = (this.#clock += 1);
    const ending = await call();
    const answeredAt = (this.#clock += 1);
    if (ending !== null) {
      this.ran.push({ name: transaction, steps, after, invokedAt, answeredAt, ...ending });
    }
  }

  /** Takes what committed transactions noted: their timestamps, and those that nobody waited for. */
  complete(notes: ReadonlyMap<string, Note>, scheduled: readonly Scheduled[]): void {
    for (const [position, transaction] of this.ran.entries()) {
      const note = notes.get(transaction.name);
      if (note === undefined) continue;
      expect(note.trace).toEqual(transaction.trace);
      expect(transaction.ts ?? note.ts).toBe(note.ts);
      this.ran[position] = { ...transaction, ts: note.ts };
    }
    for (const { parent, program } of scheduled) {
      const { trace, ts } = notes.get(program.transaction)!;
      const { transaction: name, steps } = program;
      const times = { invokedAt: -1, answeredAt: Infinity };
      this.ran.push({ name, steps, trace, ts, after: [parent], isAborted: false, ...times });
    }
  }
}

interface Note {
  readonly trace: readonly unknown[];
  readonly ts: bigint;
}

interface Scheduled {
  readonly parent: string;
  readonly program: Program;
}

type Ending = Pick<RanTransaction, "trace" | "isAborted" | "ts">;

function judge(first: readonly Register[], ran: readonly RanTransaction[], found: unknown): void {
  expect(found).toEqual(replay(first, serialOrder(first, withoutStale(ran))));
}

function countSteps(ran: readonly RanTransaction[], kind: Step["kind"]): number {
  return ran.reduce((sum, { steps }) => sum + steps.filter((step) => step.kind === kind).length, 0);
}

/** How many pairs touched the same key, so that a run can show that it tried something. */
function countMeetings(ran: readonly RanTransaction[]): number {
  const touched = ran.map((transaction) => {
    const { reads, writes } = effectsOf(transaction);
    return { keys: [...reads.keys(), ...writes.keys()], written: new Set(writes.keys()) };
  });
  let meetings = 0;
  for (const { written } of touched) {
    for (const { keys } of touched) meetings += Number(keys.some((key) => written.has(key)));
  }
  return meetings;
}

test(
  "transactions that commit in any order after they ran have a serial order",
  { timeout: oracleTimeout(30_000) },
  async () => {
    const gate = new CommitGate();
    const sources = Object.fromEntries(
      Object.entries(fixtureSources("oracle")).filter(
        ([path]) => path.startsWith("_generated/") || path === "registers",
      ),
    );
    const deployment = await startTestDeployment(sources, { onBeforeCommit: () => gate.pass() });
    await deployment.setSchema(
      JSON.parse(schemaOf({ registers: { indexes: { by_key: ["key"] } } }, false)),
    );
    let meetings = 0;
    let stale = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(steps("alone"), { minLength: 2, maxLength: 5, size: "max" }),
        fc.array(querySteps, { maxLength: 2 }),
        fc.array(fc.nat(5), { minLength: 20, maxLength: 20 }),
        async (mutations, queries, choices) => {
          gate.open();
          await deployment.change("registers:reset", { contents: initial });
          gate.choose(choices);
          const recorder = new Recorder();
          const programs = makePrograms([...mutations, ...queries]);
          await Promise.all(
            programs.map((program, position) =>
              recorder.record(program, [], () =>
                position < mutations.length
                  ? mutateAtGate(deployment, gate, program)
                  : queryRunner(deployment, program),
              ),
            ),
          );
          gate.open();
          meetings += countMeetings(recorder.ran);
          stale += countSteps(recorder.ran, "stale");
          judge(initial, recorder.ran, await deployment.value("registers:contents"));
        },
      ),
      oracleRuns("interleavings", 25),
    );
    await deployment.close();
    expectEnough(gate.overtakings, 3);
    expectEnough(stale, 3);
    expectEnough(meetings, 20);
  },
);

async function mutateAtGate(
  deployment: TestDeployment,
  gate: CommitGate,
  { transaction, steps }: Program,
): Promise<Ending | null> {
  const leave = gate.enter();
  try {
    const args = convexToJson({ transaction, steps: steps as never }) as object;
    return endingOf(await deployment.runner.runMutation(requestOf("registers:run", args)));
  } catch (error) {
    // Every retry met a conflict.
    expect(error).toMatchObject({ name: "OccConflictError" });
    return null;
  } finally {
    leave();
  }
}

async function queryRunner(
  { runner }: TestDeployment,
  { transaction, steps }: Program,
): Promise<Ending> {
  const args = convexToJson({ transaction, steps: steps as never }) as object;
  return endingOf(await runner.runQuery({ ...requestOf("registers:look", args), journal: null }));
}

function endingOf(outcome: MutationOutcome | QueryOutcome): Ending {
  if (outcome.ok) {
    const trace = JSON.parse(outcome.valueJson) as unknown[];
    return { trace, isAborted: false, ts: "ts" in outcome ? outcome.ts : null };
  }
  if (outcome.errorDataJson === undefined) throw new Error(outcome.errorMessage);
  const { trace } = JSON.parse(outcome.errorDataJson) as { trace: unknown[] };
  return { trace, isAborted: true, ts: null };
}

let oracle: OracleDeployment;
beforeAll(async () => {
  oracle = await startOracleDeployment();
}, 60_000);
afterAll(() => oracle.dispose());

test(
  "sockets, HTTP callers and scheduled functions together have a serial order",
  { timeout: oracleTimeout(40_000) },
  async () => {
    const script = fc.array(steps("whole"), { minLength: 1, maxLength: 5, size: "max" });
    const scripts = fc.array(script, { minLength: 2, maxLength: 2 });
    let meetings = 0;
    let scheduled = 0;
    let called = 0;
    await fc.assert(
      fc.asyncProperty(
        scripts,
        scripts,
        fc.array(querySteps, { minLength: 1, maxLength: 6, size: "max" }),
        async (socketScripts, callerScripts, queries) => {
          await oracle.change("stores:reset", {
            contents: initial as never,
            stored: initiallyStored as never,
          });
          const recorder = new Recorder();
          const all = [...socketScripts, ...callerScripts, queries];
          const programs = makePrograms(all.flat());
          const lanes = all.map((lane) => programs.splice(0, lane.length));
          const queryNames = new Set(lanes[4]!.map(({ transaction }) => transaction));
          const probes = lanes.slice(0, 2).map(() => new SyncProbe(oracle.backend.url));
          for (const probe of probes) await probe.connect();
          await Promise.all([
            ...probes.map((probe, index) => mutateBySocket(recorder, probe, lanes[index]!)),
            ...lanes.slice(2, 4).map((lane) => callInOrder(recorder, lane, "mutation")),
            callInOrder(recorder, lanes[4]!, "query"),
          ]);
          const jobs = recorder.ran.flatMap(({ name, steps, isAborted }): Scheduled[] =>
            isAborted
              ? []
              : scheduledBy({ transaction: name, steps }).map((program) => ({
                  parent: name,
                  program,
                })),
          );
          const committed = [
            ...recorder.ran
              .filter(({ name, isAborted }) => !isAborted && !queryNames.has(name))
              .map(({ name }) => name),
            ...jobs.map(({ program }) => program.transaction),
          ];
          const notes = await waitForNotes(committed.length);
          expect([...notes.keys()].sort()).toEqual(committed.sort());
          recorder.complete(notes, jobs);
          for (const probe of probes) {
            await probe.settle();
            expect(probe.violations).toEqual([]);
            await probe.close();
          }
          scheduled += jobs.length;
          meetings += countMeetings(recorder.ran);
          called += countSteps(recorder.ran, "remote");
          judge(
            [...initial, ...initiallyStored],
            recorder.ran,
            await oracle.value("stores:contents"),
          );
        },
      ),
      oracleRuns("callers", 15),
    );
    expectEnough(scheduled, 1);
    expectEnough(called, 5);
    expectEnough(meetings, 50);
  },
);

/** All at once: the socket keeps their order. */
async function mutateBySocket(
  recorder: Recorder,
  probe: SyncProbe,
  lane: readonly Program[],
): Promise<void> {
  await Promise.all(
    lane.map(({ transaction, steps }, position) =>
      recorder.record(
        { transaction, steps },
        lane.slice(0, position).map((earlier) => earlier.transaction),
        async () => {
          const args = { transaction, steps: steps as never };
          const answer = await probe.mutation("registers:run", args);
          return { ...endingOfAnswer(answer), ts: answer.ts };
        },
      ),
    ),
  );
}

/** One after the other. */
async function callInOrder(
  recorder: Recorder,
  lane: readonly Program[],
  type: "query" | "mutation",
): Promise<void> {
  for (const program of lane) {
    const { transaction, steps } = program;
    const args = { transaction, steps: steps as never };
    await recorder.record(program, [], async () =>
      endingOfAnswer(
        type === "query"
          ? await oracle.query("registers:look", args)
          : await oracle.mutation("registers:run", args),
      ),
    );
  }
}

function endingOfAnswer(answer: Answer): Ending {
  if (answer.isOk) return { trace: valueOf(answer) as unknown[], isAborted: false, ts: null };
  if (answer.errorData === undefined) throw new Anomaly(answer.text);
  const { trace } = answer.errorData as unknown as { trace: unknown[] };
  return { trace, isAborted: true, ts: null };
}

/** What transactions noted when they committed; each name once. */
async function waitForNotes(count: number): Promise<Map<string, Note>> {
  const rows = await vi.waitFor(
    async () => {
      const rows = (await oracle.value("registers:traces")) as never as (Note & {
        transaction: string;
      })[];
      if (rows.length < count) throw new Error(`${rows.length} of ${count} ran.`);
      return rows;
    },
    { timeout: 10_000, interval: 5 },
  );
  const names = rows.map(({ transaction }) => transaction);
  expect(new Set(names).size).toBe(names.length);
  return new Map(rows.map(({ transaction, trace, ts }) => [transaction, { trace, ts }]));
}
