/**
 * Kills a backend again and again while clients work with it, and looks each time whether everything
 * that was acknowledged is there, once and whole.
 */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { ConvexHttpClient } from "convex/browser";
import { makeFunctionReference } from "convex/server";

import { fixtureSources, pushTo } from "#embedded/test-backend.ts";

import { BackendProgram } from "./backend-program.ts";
import { Random } from "./random.ts";
import { SyncClient } from "./sync-client.ts";
import { findClockProblems, findProblems, type StoredRound } from "./verification.ts";
import { ACCOUNTS, newLedger, OPENING_BALANCE, work, type Ledger } from "./workload.ts";

/** Sums over rounds. */
export interface Figures {
  acknowledged: number;
  resentUnanswered: number;
  resentAnswered: number;
  files: number;
  fileBytes: number;
  scheduledMutations: number;
  scheduledActions: number;
  interruptedActions: number;
  calledActions: number;
  kills: number;
  killsDuringStart: number;
}

export interface Round {
  /** From 0; it makes its choices with the run's seed plus this number. */
  readonly number: number;
  /** Runs it again, behind the rounds that its folder had seen. */
  readonly command: string;
  /** A copy of the data folder as a kill left it after a round with problems. */
  readonly keptFolder: string | null;
  readonly figures: Figures;
  readonly problems: readonly string[];
  readonly durationMs: number;
}

const CLIENTS = 5;
/** Things that one client does at a time. */
const LANES = 3;
const MIN_LOAD_MS = 100;
const MAX_LOAD_MS = 900;
const START_KILL_CHANCE = 0.45;
const MAX_START_KILLS = 3;
/** The fixture's data is thrown away now and then, so that rounds stay short. */
const ROUNDS_PER_FOLDER = 25;
const SETTLE_TIMEOUT_MS = 30_000;

const functions = {
  open: makeFunctionReference<"mutation">("torture:open"),
  total: makeFunctionReference<"query">("torture:total"),
  openJobs: makeFunctionReference<"query">("torture:openJobs"),
  everything: makeFunctionReference<"query", { round: number }, StoredRound>("torture:everything"),
};

/** The round that begins the folder in which a round takes place. */
export function firstRoundOfFolder(round: number): number {
  return round - (round % ROUNDS_PER_FOLDER);
}

/** Yields each round as it ends, from one that begins a folder up to but not including `end`. */
export async function* torture(seed: number, begin: number, end: number): AsyncGenerator<Round> {
  for (let first = begin; first < end; first += ROUNDS_PER_FOLDER) {
    const folder = mkdtempSync(join(tmpdir(), "torture-"));
    const program = await BackendProgram.create(join(folder, "data"));
    try {
      program.spawn();
      const { url, adminKey } = await program.ready();
      await pushTo(url, adminKey, fixtureSources("torture"));
      const series = new Series(program);
      const next = Math.min(end, first + ROUNDS_PER_FOLDER);
      for (let number = first; number < next; number += 1) {
        const ran = await series.run(seed + number);
        const command = `npm run torture -- --seed ${seed} --round ${number}`;
        const keptFolder = ran.problems.length === 0 ? null : await keepFolder(program, folder);
        yield { ...ran, number, command, keptFolder };
      }
    } finally {
      await program.kill();
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

/** Returns a copy; whether the backend comes up again is for the next round to find out. */
async function keepFolder(program: BackendProgram, folder: string): Promise<string> {
  await program.kill();
  const kept = mkdtempSync(join(tmpdir(), "torture-failed-"));
  // Not the lock's socket, which no copy can be made of.
  const filter = (path: string) => !path.endsWith(".sock");
  cpSync(join(folder, "data"), kept, { recursive: true, filter });
  program.spawn();
  await program.ready().catch(() => undefined);
  return kept;
}

/** Rounds on one folder. */
class Series {
  readonly #program: BackendProgram;
  readonly #http: ConvexHttpClient;
  /** What earlier rounds left; it must never change again. */
  readonly #finished: { readonly round: number; readonly stored: string }[] = [];
  #nextRound = 0;

  constructor(program: BackendProgram) {
    this.#program = program;
    this.#http = new ConvexHttpClient(program.url, { logger: false });
  }

  async run(seed: number): Promise<Pick<Round, "figures" | "problems" | "durationMs">> {
    const startedAt = performance.now();
    const random = new Random(seed);
    const round = this.#nextRound;
    this.#nextRound += 1;
    const ledger = newLedger();
    const problems: string[] = [];
    const figures = noFigures();
    let clients: SyncClient[] = [];
    try {
      await this.#http.mutation(functions.open, {
        round,
        accounts: ACCOUNTS,
        balance: OPENING_BALANCE,
      });
      clients = this.#connectClients(round, random, problems);
      await this.#workAndKill({ round, random, ledger, clients, figures });
      await this.#settle(round, clients);
      await this.#verify({ round, random, ledger, clients, figures, problems });
    } catch (error) {
      problems.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
    for (const client of clients) client.close();
    problems.push(...this.#program.faults.splice(0));
    return { figures, problems, durationMs: performance.now() - startedAt };
  }

  #connectClients(round: number, random: Random, problems: string[]): SyncClient[] {
    const expected = ACCOUNTS * OPENING_BALANCE;
    return Array.from({ length: CLIENTS }, () => {
      const watched = { path: "torture:total", args: { round } };
      return new SyncClient(this.#program.url, random.fork(), watched, (total) => {
        if (total !== expected)
          problems.push(`a client was shown the total ${JSON.stringify(total)}`);
      });
    });
  }

  /** Kills the backend at work, often again while it starts, and starts it for good. */
  async #workAndKill({ round, random, ledger, clients, figures }: RoundState): Promise<void> {
    const choices = {
      loadMs: random.integer(MIN_LOAD_MS, MAX_LOAD_MS),
      startKills: Array.from({ length: MAX_START_KILLS }, () => random.float()),
      startMoments: Array.from({ length: MAX_START_KILLS }, () => random.float()),
    };
    let isOver = false;
    const working = Promise.all(
      clients.flatMap((client, index) =>
        Array.from({ length: LANES }, (_, lane) => {
          const name = `${index}.${lane}`;
          const { url } = this.#program;
          return work({ round, name, url, client, random: random.fork(), ledger }, () => isOver);
        }),
      ),
    );
    working.catch(() => undefined);
    await delay(choices.loadMs);
    isOver = true;
    await this.#program.kill();
    figures.kills += 1;
    for (const [index, chance] of choices.startKills.entries()) {
      if (chance > START_KILL_CHANCE) break;
      this.#program.spawn();
      await delay((choices.startMoments[index] ?? 0) * this.#program.startMs * 1.2);
      await this.#program.kill();
      figures.kills += 1;
      figures.killsDuringStart += 1;
    }
    this.#program.spawn();
    await this.#program.ready();
    await working;
  }

  /** Until everything is answered and every job has ended. */
  async #settle(round: number, clients: readonly SyncClient[]): Promise<void> {
    const deadline = performance.now() + SETTLE_TIMEOUT_MS;
    for (;;) {
      const openJobs = (await this.#http.query(functions.openJobs, { round })) as number;
      if (openJobs === 0 && clients.every((client) => client.isSettled)) return;
      if (performance.now() > deadline) {
        const unsettled = clients.filter((client) => !client.isSettled).length;
        throw new Error(`${openJobs} jobs did not end, ${unsettled} clients were not answered.`);
      }
      await delay(20);
    }
  }

  async #verify(state: RoundState & { readonly problems: string[] }): Promise<void> {
    const { round, random, ledger, clients, figures, problems } = state;
    const stored = await this.#http.query(functions.everything, { round });
    problems.push(...(await findProblems(stored, ledger)));
    for (const client of clients) problems.push(...client.violations, ...findClockProblems(client));
    const earlier = this.#finished[random.integer(0, this.#finished.length)];
    if (earlier !== undefined) {
      const { round: earlierRound } = earlier;
      const now = await this.#http.query(functions.everything, { round: earlierRound });
      if (JSON.stringify(now) !== earlier.stored) {
        problems.push(`what an earlier round left has changed: ${JSON.stringify(now)}`);
      }
    }
    this.#finished.push({ round, stored: JSON.stringify(stored) });
    count(figures, stored, ledger, clients);
  }
}

interface RoundState {
  readonly round: number;
  readonly random: Random;
  readonly ledger: Ledger;
  readonly clients: readonly SyncClient[];
  readonly figures: Figures;
}

function count(
  figures: Figures,
  stored: StoredRound,
  ledger: Ledger,
  clients: readonly SyncClient[],
): void {
  for (const { acknowledged, resent } of clients) {
    figures.acknowledged += acknowledged.length;
    figures.resentUnanswered += resent.unanswered;
    figures.resentAnswered += resent.answered;
  }
  figures.files += ledger.files.length;
  figures.fileBytes += ledger.files.reduce((sum, { size }) => sum + size, 0);
  figures.scheduledMutations += stored.jobs.filter(({ kind }) => kind === "mutation").length;
  figures.scheduledActions += stored.jobs.filter(({ kind }) => kind === "action").length;
  figures.interruptedActions += stored.jobs.filter(({ state }) => state === "failed").length;
  figures.calledActions += ledger.actions.length;
}

export function noFigures(): Figures {
  return {
    acknowledged: 0,
    resentUnanswered: 0,
    resentAnswered: 0,
    files: 0,
    fileBytes: 0,
    scheduledMutations: 0,
    scheduledActions: 0,
    interruptedActions: 0,
    calledActions: 0,
    kills: 0,
    killsDuringStart: 0,
  };
}
