import type { Parameters } from "fast-check";
import { expect } from "vitest";

/**
 * How often an oracle asks. By default a few times, so that the whole folder takes a minute;
 * `ORACLE_RUNS=50` multiplies that, and `ORACLE_SEED=…` (with the `path` that a failure prints as
 * `ORACLE_PATH=…`) repeats what failed. A failure prints its seed; long runs print it at the start too.
 */
export function oracleRuns<T>(name: string, numRuns: number): Parameters<T> {
  const factor = Number(process.env["ORACLE_RUNS"] ?? "1");
  const seed = Number(process.env["ORACLE_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
  const path = process.env["ORACLE_PATH"];
  const runs = Math.max(1, Math.round(numRuns * factor));
  if (factor > 1) console.info(`${name}: ${runs} runs with ORACLE_SEED=${seed}`);
  return {
    numRuns: runs,
    seed,
    endOnFailure: process.env["ORACLE_SHRINK"] === undefined,
    ...(path === undefined ? {} : { path }),
  };
}

/** Milliseconds that a test may take, more for long runs. */
export function oracleTimeout(ms: number): number {
  return ms * Math.max(1, Number(process.env["ORACLE_RUNS"] ?? "1"));
}

/** That the runs met what they look for; a repeated single one need not. */
export function expectEnough(count: number, atLeast: number): void {
  if (process.env["ORACLE_PATH"] === undefined) expect(count).toBeGreaterThanOrEqual(atLeast);
}
