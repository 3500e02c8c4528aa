import { randomUUID } from "node:crypto";

import { expect } from "vitest";

import { clause } from "../behaviour.ts";
import { insertValues, list, values } from "../documents.ts";
import type { Driver } from "../driver.ts";

const stamp = async (t: Driver) => (await t.mutation("transactions:stamp")) as bigint;
const stampEverywhere = async (t: Driver, name: string) =>
  (await t.mutation("transactions:stampEverywhere", { name })) as bigint[];

const EMPTY = { count: 0, total: 0 };
const NOTHING_USED = {
  bytesRead: 0,
  bytesWritten: 0,
  databaseQueries: 0,
  documentsRead: 0,
  documentsWritten: 0,
  functionsScheduled: 0,
  scheduledFunctionArgsBytes: 0,
};

interface Work {
  readonly start: Record<string, number>;
  readonly end: Record<string, number>;
  readonly left: Record<string, number>;
}

const work = async (t: Driver, inserts: number, jobs: number) =>
  (await t.mutation("transactions:work", { inserts, jobs })) as Work;

interface Snapshot {
  readonly stamps: readonly bigint[];
  readonly snapshot: bigint;
  readonly commit: bigint;
}

export const transactions = clause("Transactions", {
  "db.vars.commitTs becomes the commit's timestamp, in documents and in the result": async (t) => {
    const ts = await stamp(t);
    expect(ts).toBeTypeOf("bigint");
    expect(await values(t)).toEqual([ts]);
  },
  "later commits have later timestamps": async (t) => {
    const stamps = [await stamp(t), await stamp(t), await stamp(t)];
    expect(stamps).toEqual([...new Set(stamps)].toSorted((a, b) => (a < b ? -1 : 1)));
    expect(await values(t)).toEqual(stamps);
  },
  "all that a mutation stamps has one timestamp, deep in documents too": async (t) => {
    const name = randomUUID();
    const [ts, nested] = await stampEverywhere(t, name);
    expect(nested).toBe(ts);
    const [own] = await list(t);
    expect(own).toMatchObject({ value: ts, list: [{ at: ts }] });
    expect(await values(t)).toEqual([ts, ts]);
  },
  "what components stamp has the timestamp of the one commit": async (t) => {
    const name = randomUUID();
    const [ts] = await stampEverywhere(t, name);
    const stamps = await t.query("transactions:stamps", { name });
    expect(stamps).toEqual({ app: [ts, ts], first: [ts], second: [ts] });
  },
  "a mutation cannot read its timestamp, only what stands for it": async (t) => {
    await stamp(t);
    expect(await t.mutation("transactions:readOwnStamp")).toMatchObject({
      type: "object",
      isSame: true,
    });
  },
  "what stands for the timestamp comes after all earlier ones in an index": async (t) => {
    await stamp(t);
    expect(await t.mutation("transactions:readOwnStamp")).toMatchObject({ after: 1 });
  },
  "what stands for the timestamp cannot be given to a job": async (t) => {
    await expect(t.mutation("transactions:scheduleStamp")).rejects.toThrow(/\$commitTs|unresolved/);
    expect(await values(t)).toEqual([]);
  },
  "v.commitTs() takes 64-bit integers and nothing else of a client's": async (t) => {
    await t.mutation("transactions:stamp", { at: 5n });
    expect(await values(t)).toEqual([5n]);
    await expect(t.mutation("transactions:stamp", { at: 5 })).rejects.toThrow(/commitTs/);
  },
  "a mutation that throws after stamping leaves nothing behind": async (t) => {
    await expect(t.mutation("transactions:stampThenThrow")).rejects.toThrow(/after stamping/);
    expect(await values(t)).toEqual([]);
  },
  "the snapshot's timestamp is not before what it shows, and before the own commit": async (t) => {
    for (const count of [0, 1, 2]) {
      const seen = (await t.mutation("transactions:snapshotAndCommit")) as Snapshot;
      expect(seen.stamps).toHaveLength(count);
      for (const ts of seen.stamps) expect(seen.snapshot).toBeGreaterThanOrEqual(ts);
      expect(seen.commit).toBeGreaterThan(seen.snapshot);
    }
  },
  "a query through the stale snapshot does not see what its mutation wrote": async (t) => {
    await stamp(t);
    const counts = await t.mutation("transactions:countStale");
    expect(counts).toEqual([
      [1, 1],
      [2, 1],
    ]);
    expect(await values(t)).toHaveLength(2);
  },
  "the stale snapshot hides what was written in components, of theirs too": async (t) => {
    const name = randomUUID();
    const seen = await t.mutation("transactions:componentStale", { name });
    expect(seen).toEqual([{ count: 1, total: 3 }, EMPTY]);
  },
  "what a mutation read does not change before it commits": async (t) => {
    for (let round = 0; round < 3; round += 1) expect(await isOvertaken(t, false)).toBe(false);
  },
  "what a mutation read through the stale snapshot may change before it commits": async (t) => {
    let overtaken = false;
    for (let round = 0; round < 10 && !overtaken; round += 1)
      overtaken = await isOvertaken(t, true);
    expect(overtaken).toBe(true);
  },
  "the stale snapshot is for mutations only": async (t) => {
    await expect(t.query("transactions:staleInQuery")).rejects.toThrow(/supported in mutations/);
  },
  "transaction metrics begin at nothing": async (t) => {
    expect((await work(t, 0, 0)).start).toMatchObject(NOTHING_USED);
  },
  "transaction metrics count what is read, written and scheduled": async (t) => {
    const { end } = await work(t, 3, 2);
    expect(end).toMatchObject({ documentsRead: 3, documentsWritten: 3, functionsScheduled: 2 });
    expect(end["databaseQueries"]).toBeGreaterThan(0);
    expect(end["bytesRead"]).toBeGreaterThan(0);
    expect(end["bytesWritten"]).toBeGreaterThan(0);
    expect(end["scheduledFunctionArgsBytes"]).toBeGreaterThan(0);
  },
  "documents that a filter drops count as read": async (t) => {
    await insertValues(t, [1, 2, 3]);
    const read = await t.query("transactions:readDropped");
    expect(read).toEqual({ length: 0, documentsRead: 3 });
  },
  "a document counts as often as it is written": async (t) => {
    expect(await t.mutation("transactions:rewrite")).toBe(3);
  },
  "what is used and what is left make the limit": async (t) => {
    const { end, left } = await work(t, 3, 2);
    const sum = (name: string) => (end[name] ?? NaN) + (left[name] ?? NaN);
    expect(sum("documentsRead")).toBe(32_000);
    expect(sum("documentsWritten")).toBe(16_000);
    expect(sum("databaseQueries")).toBe(4_096);
    expect(sum("functionsScheduled")).toBe(1_000);
    expect(sum("bytesRead")).toBe(16 * 2 ** 20);
    expect(sum("bytesWritten")).toBe(16 * 2 ** 20);
  },
  "what nested calls use counts as their caller's, components' too": async (t) => {
    const args = { name: randomUUID() };
    // A count and an entry of the ledger.
    expect(await t.mutation("transactions:nestedMetrics", args)).toEqual([0, 1, 3, 3]);
  },
  "a nested mutation may be given less to write": async (t) => {
    const write = (documentsWritten: number) =>
      t.mutation("transactions:limitedWrites", { documentsWritten });
    expect(await write(2)).toBe("written");
    expect(await write(1)).toMatch(/limit: 1\b/);
    expect(await values(t)).toEqual(["one", "two", "one"]);
  },
  "a nested query may be given less to read, and its caller goes on": async (t) => {
    await insertValues(t, [1, 2, 3]);
    const read = (documentsRead: number) =>
      t.mutation("transactions:limitedReads", { documentsRead });
    expect(await read(3)).toEqual([3, 3]);
    expect(await read(2)).toEqual([expect.stringMatching(/limit: 2\b/), 3]);
  },
  "a nested query knows what it was given, which is never more than there is": async (t) => {
    const left = (documentsRead: number) =>
      t.mutation("transactions:remainingWithin", { documentsRead });
    expect([await left(7), await left(1_000_000)]).toEqual([7, 32_000]);
  },
});

/** Whether a mutation committed what it had counted after a file had come that it had not. */
async function isOvertaken(t: Driver, isStale: boolean): Promise<boolean> {
  const before = await t.query("transactions:countFiles");
  const counting = t.mutation("transactions:countFilesSlowly", { isStale });
  await t.action("files:store", { text: "overtaking" });
  const { files, committedAt } = (await counting) as { files: number; committedAt: bigint };
  const storedAt = (await t.query("transactions:newestFileAt")) as number;
  return files === before && storedAt < Number(committedAt) / 1e6;
}
