import { expect } from "vitest";

import { clause } from "../behaviour.ts";

/** Enough work to take some milliseconds. */
const ROUNDS = 1_000_000;

export const determinism = clause("Time and randomness", {
  "the clock stands still within a mutation": async (t) => {
    const read = (await t.mutation("clock:readTwice", { rounds: ROUNDS })) as Record<
      string,
      number
    >;
    expect(read["second"]).toBe(read["first"]);
    expect(read["date"]).toBe(read["first"]);
  },
  "nested functions read the same clock": async (t) => {
    const read = (await t.mutation("clock:readNested", { rounds: ROUNDS })) as Record<
      string,
      number
    >;
    expect(read["nested"]).toBe(read["outer"]);
  },
  "the clock is that of the world": async (t) => {
    const before = (await t.query("clock:now")) as number;
    expect(Number.isSafeInteger(before)).toBe(true);
    expect(before).toBeGreaterThan(Date.now() - 60_000);
  },
  "random numbers, bytes and UUIDs differ within a function": async (t) => {
    const { numbers, id } = (await t.query("clock:random")) as { numbers: number[]; id: string };
    expect(numbers[0]).not.toBe(numbers[1]);
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  },
  "fetch is refused in a query": async (t) => {
    await expect(t.query("clock:useFetch")).rejects.toThrow(/fetch/);
  },
  "timers are refused in a mutation": async (t) => {
    await expect(t.mutation("clock:useTimer")).rejects.toThrow(/setTimeout/);
  },
  "digests can be computed in a mutation": async (t) => {
    const digest = (await t.mutation("clock:digest", { text: "abc" })) as ArrayBuffer;
    expect(Buffer.from(digest).toString("hex")).toMatch(/^ba7816bf/);
  },
  "keys are not generated in a mutation": async (t) => {
    await expect(t.mutation("clock:generateKey")).rejects.toThrow(/in queries and mutations/);
  },
  "the time zone is UTC": async (t) => {
    expect(await t.query("clock:timeZone")).toBe(0);
  },
});
