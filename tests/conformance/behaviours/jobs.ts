import { expect } from "vitest";

import { clause } from "../behaviour.ts";
import { values } from "../documents.ts";
import type { Driver } from "../driver.ts";

const HOUR_MS = 3_600_000;

interface Job {
  readonly _id: string;
  readonly name: string;
  readonly args: readonly unknown[];
  readonly scheduledTime: number;
  readonly completedTime?: number;
  readonly state: { readonly kind: string; readonly error?: string };
}

async function schedule(
  t: Driver,
  target: string,
  delayMs: number,
  value: string | number = "ran",
): Promise<string> {
  return (await t.mutation("jobs:runAfter", { target, delayMs, value })) as string;
}

const read = async (t: Driver, id: string) => (await t.query("jobs:read", { id })) as Job;
const stateOf = async (t: Driver, id: string) => (await read(t, id)).state.kind;

export const jobs = clause("Scheduled functions", {
  "runAfter runs a mutation once it is due, once": async (t) => {
    await schedule(t, "record", HOUR_MS);
    await t.passTime(HOUR_MS / 2);
    expect(await values(t)).toEqual([]);
    await t.passTime(HOUR_MS);
    expect(await values(t)).toEqual(["ran"]);
    await t.passTime(HOUR_MS);
    expect(await values(t)).toEqual(["ran"]);
  },
  "a job's end is recorded": async (t) => {
    const id = await schedule(t, "record", HOUR_MS);
    expect((await read(t, id)).completedTime).toBeUndefined();
    await t.passTime(HOUR_MS + 1);
    expect((await read(t, id)).completedTime).toBeTypeOf("number");
  },
  "a job is pending before and a success afterwards": async (t) => {
    const id = await schedule(t, "record", HOUR_MS, "v");
    const before = await read(t, id);
    expect(before).toMatchObject({ _id: id, state: { kind: "pending" }, args: [{ value: "v" }] });
    await t.passTime(HOUR_MS + 1);
    const after = await read(t, id);
    expect(after.state).toEqual({ kind: "success" });
  },
  "a job names its function with its file": async (t) => {
    expect((await read(t, await schedule(t, "record", HOUR_MS))).name).toBe("jobs.js:record");
  },
  "runAfter says when the job is due": async (t) => {
    const before = (await t.query("clock:now")) as number;
    const { scheduledTime } = await read(t, await schedule(t, "record", HOUR_MS));
    expect(scheduledTime).toBeGreaterThanOrEqual(before + HOUR_MS - 1);
    expect(scheduledTime).toBeLessThan(before + HOUR_MS + 60_000);
  },
  "runAt takes a time in milliseconds or a date": async (t) => {
    for (const asDate of [false, true]) {
      const args = { target: "record", delayMs: HOUR_MS, value: 1, asDate };
      const at = (await t.mutation("jobs:runAt", args)) as { id: string; timeMs: number };
      expect((await read(t, at.id)).scheduledTime).toBeCloseTo(at.timeMs, 0);
    }
    await t.passTime(HOUR_MS + 1_000);
    expect(await values(t)).toEqual([1, 1]);
  },
  "runAt with a time that is past runs at once": async (t) => {
    const args = { target: "record", delayMs: -HOUR_MS, value: "late", asDate: false };
    await t.mutation("jobs:runAt", args);
    await t.passTime(1);
    expect(await values(t)).toEqual(["late"]);
  },
  "jobs run in the order of their times": async (t) => {
    await schedule(t, "record", 3 * HOUR_MS, 3);
    await schedule(t, "record", 1 * HOUR_MS, 1);
    await schedule(t, "record", 2 * HOUR_MS, 2);
    for (const wanted of [[1], [1, 2], [1, 2, 3]]) {
      await t.passTime(HOUR_MS + 1_000);
      expect(await values(t)).toEqual(wanted);
    }
  },
  "an action can be scheduled": async (t) => {
    const id = await schedule(t, "recordByAction", 0, "by action");
    await t.passTime(1);
    expect(await values(t)).toEqual(["by action"]);
    expect(await stateOf(t, id)).toBe("success");
  },
  "an action can schedule": async (t) => {
    const args = { target: "record", delayMs: 0, value: "from action" };
    const id = (await t.action("jobs:runAfterFromAction", args)) as string;
    await t.passTime(1);
    expect(await values(t)).toEqual(["from action"]);
    expect(await stateOf(t, id)).toBe("success");
  },
  "a job can schedule the next": async (t) => {
    await schedule(t, "chain", 0, 2);
    await t.passTime(1);
    await t.passTime(1);
    await t.passTime(1);
    expect(await values(t)).toEqual([2, 1, 0]);
  },
  "a canceled job does not run": async (t) => {
    const id = await schedule(t, "record", HOUR_MS);
    await t.mutation("jobs:cancel", { id });
    expect(await stateOf(t, id)).toBe("canceled");
    await t.passTime(2 * HOUR_MS);
    expect(await values(t)).toEqual([]);
    expect(await stateOf(t, id)).toBe("canceled");
  },
  "an action can cancel": async (t) => {
    const id = await schedule(t, "record", HOUR_MS);
    await t.action("jobs:cancelFromAction", { id });
    await t.passTime(2 * HOUR_MS);
    expect(await values(t)).toEqual([]);
  },
  "canceling what has run leaves it a success": async (t) => {
    const id = await schedule(t, "record", 0);
    await t.passTime(1);
    await t.mutation("jobs:cancel", { id });
    expect(await stateOf(t, id)).toBe("success");
  },
  "a mutation that throws schedules nothing": async (t) => {
    await expect(t.mutation("jobs:scheduleThenThrow")).rejects.toThrow(/thrown after scheduling/);
    await t.passTime(1);
    expect(await values(t)).toEqual([]);
  },
  "a nested mutation's caught failure takes back what it scheduled": async (t) => {
    await t.mutation("jobs:catchScheduling");
    await t.passTime(1);
    expect(await values(t)).toEqual(["kept"]);
  },
  "what an action scheduled stays when it fails": async (t) => {
    await expect(t.action("jobs:scheduleThenThrowInAction")).rejects.toThrow();
    await t.passTime(1);
    expect(await values(t)).toEqual(["scheduled by a failed action"]);
  },
  "a failing mutation is a failed job and leaves nothing behind": async (t) => {
    const id = await schedule(t, "fail", 0, "must not stay");
    await t.passTime(1);
    expect(await stateOf(t, id)).toBe("failed");
    expect(await values(t)).toEqual([]);
  },
  "a failing action is a failed job": async (t) => {
    const id = await schedule(t, "failByAction", 0);
    await t.passTime(1);
    expect(await stateOf(t, id)).toBe("failed");
  },
  "a failed job keeps its error": async (t) => {
    const [mutation, action] = [await schedule(t, "fail", 0), await schedule(t, "failByAction", 0)];
    await t.passTime(1);
    expect((await read(t, mutation)).state.error).toMatch(/the job failed/);
    expect((await read(t, action)).state.error).toMatch(/the job's action failed/);
  },
  "a job runs without the identity of who scheduled it": async (t) => {
    const ada = await t.as({ subject: "ada" });
    await ada.mutation("jobs:runAfter", { target: "recordIdentity", delayMs: 0, value: null });
    await t.passTime(1);
    expect(await values(t)).toEqual([null]);
  },
  "scheduling an unknown function is refused at once": async (t) => {
    await expect(t.mutation("jobs:scheduleMissing")).rejects.toThrow(/no exported function absent/);
  },
  "jobs can be listed through db.system": async (t) => {
    await schedule(t, "record", HOUR_MS);
    expect(await t.query("jobs:names")).toContainEqual(expect.stringMatching(/^jobs.*:record$/));
  },
});
