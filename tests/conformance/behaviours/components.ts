import { randomUUID } from "node:crypto";

import { expect } from "vitest";

import { clause } from "../behaviour.ts";
import { list } from "../documents.ts";
import type { Args, Driver } from "../driver.ts";

const runQuery = (t: Driver, path: string, args: Args = {}) =>
  t.query("components:runQuery", { path, args: { ...args } });
const runMutation = (t: Driver, path: string, args: Args = {}) =>
  t.mutation("components:runMutation", { path, args: { ...args } });
const runAction = (t: Driver, path: string, args: Args = {}) =>
  t.action("components:runAction", { path, args: { ...args } });
const add = (t: Driver, mount: string, name: string, amount: number) =>
  runMutation(t, `${mount}.counts.add`, { name, amount });
const get = (t: Driver, mount: string, name: string) =>
  runQuery(t, `${mount}.counts.get`, { name });

const NOTHING = { count: 0, total: 0 };
/** How a refused argument or result is spoken of. */
const WRONG = /validat/i;

export const components = clause("Components", {
  "mounts of one component have tables of their own": async (t) => {
    const name = randomUUID();
    await add(t, "first", name, 3);
    expect(await add(t, "first", name, 4)).toBe(2);
    expect(await get(t, "first", name)).toEqual({ count: 2, total: 7 });
    expect(await get(t, "second", name)).toEqual(NOTHING);
  },
  "a component within a component has tables of its own for each mount of the outer": async (t) => {
    const name = randomUUID();
    await add(t, "first", name, 3);
    await add(t, "second", name, 5);
    await add(t, "second", name, 6);
    expect(await get(t, "first", name)).toEqual({ count: 1, total: 3 });
    expect(await get(t, "second", name)).toEqual({ count: 2, total: 11 });
  },
  "a component within a component sees the variables that the outer hands on, and no others":
    async (t) => {
      expect([
        await runQuery(t, "first.counts.ledgerEnvironment"),
        await runQuery(t, "second.counts.ledgerEnvironment"),
      ]).toEqual([
        { owner: "one", label: null },
        { owner: "two", label: null },
      ]);
    },
  "a component within a component schedules for itself": async (t) => {
    const name = randomUUID();
    const jobs = async () => [
      await runQuery(t, "first.counts.jobs"),
      await runQuery(t, "first.counts.ledgerJobs"),
      await runQuery(t, "second.counts.ledgerJobs"),
    ];
    const [ofFirst, ofFirstLedger, ofSecondLedger] = (await jobs()) as number[];
    await runMutation(t, "first.counts.scheduleInLedger", { name });
    expect(await jobs()).toEqual([ofFirst, (ofFirstLedger ?? 0) + 1, ofSecondLedger]);
    await t.passTime(1_000);
    expect(await get(t, "first", name)).toEqual({ count: 0, total: 7 });
    expect(await get(t, "second", name)).toEqual(NOTHING);
  },
  "a component that catches its child's failure keeps its own writes": async (t) => {
    const name = randomUUID();
    const refused = await runMutation(t, "first.counts.addAnyway", { name, amount: -2 });
    expect(refused).toMatch(/negative amount -2/);
    expect(await get(t, "first", name)).toEqual({ count: 1, total: 0 });
  },
  "a component's failure that is caught takes back what it and its children wrote": async (t) => {
    const name = randomUUID();
    expect(await t.mutation("components:addAndCatch", { name })).toMatch(/negative amount -2/);
    expect(await get(t, "first", name)).toEqual({ count: 1, total: 2 });
  },
  "a failure of the app takes back what components wrote": async (t) => {
    const name = randomUUID();
    await expect(t.mutation("components:addAndFail", { name })).rejects.toThrow(/on purpose/);
    expect(await get(t, "first", name)).toEqual(NOTHING);
  },
  "from an action every call of a component commits by itself": async (t) => {
    const name = randomUUID();
    const adding = runAction(t, "first.counts.addTwice", { name });
    await expect(adding).rejects.toThrow(/negative amount -5/);
    expect(await get(t, "first", name)).toEqual({ count: 0, total: 5 });
  },
  "a component's arguments are checked": async (t) => {
    const wrong = { name: 1 };
    await expect(runQuery(t, "first.counts.get", wrong)).rejects.toThrow(WRONG);
    await expect(runMutation(t, "first.counts.add", { name: "n" })).rejects.toThrow(WRONG);
    await expect(runAction(t, "first.counts.addTwice", wrong)).rejects.toThrow(WRONG);
  },
  "a component's results are checked": async (t) => {
    await expect(runQuery(t, "first.counts.wrongResult")).rejects.toThrow(WRONG);
    const name = randomUUID();
    await expect(runMutation(t, "first.counts.addWrongly", { name })).rejects.toThrow(WRONG);
    await expect(runAction(t, "first.counts.wrongResultOfAction")).rejects.toThrow(WRONG);
  },
  "a component's mutation whose result is refused leaves nothing when its caller goes on": async (
    t,
  ) => {
    const name = randomUUID();
    const path = "first.counts.addWrongly";
    expect(await t.mutation("components:catchMutation", { path, args: { name } })).toMatch(WRONG);
    expect(await get(t, "first", name)).toEqual(NOTHING);
  },
  "what a component gives the app when it calls back is checked": async (t) => {
    const name = "components:note";
    const error = await t.mutation("components:catchCallBack", { name, args: { text: 1 } });
    expect(error).toMatch(WRONG);
    expect(await list(t)).toEqual([]);
  },
  "what the app gives a component that calls back is checked, and leaves nothing": async (t) => {
    const name = "components:noteWrongly";
    const error = await t.mutation("components:catchCallBack", { name, args: { text: "t" } });
    expect(error).toMatch(WRONG);
    expect(await list(t)).toEqual([]);
  },
  "a scheduled call of a component fails over wrong arguments": async (t) => {
    const name = randomUUID();
    expect(await runScheduled(t, "first.counts.add", { name })).toBe("failed");
    expect(await runScheduled(t, "first.counts.addTwice", { name, amount: 1 })).toBe("failed");
    expect(await get(t, "first", name)).toEqual(NOTHING);
  },
  "a scheduled call of a component fails over a wrong result, and leaves nothing": async (t) => {
    const name = randomUUID();
    expect(await runScheduled(t, "first.counts.addWrongly", { name })).toBe("failed");
    expect(await runScheduled(t, "first.counts.wrongResultOfAction", {})).toBe("failed");
    expect(await get(t, "first", name)).toEqual(NOTHING);
  },
  "internal functions of a component cannot be called from the app": async (t) => {
    await expect(runQuery(t, "first.counts.secret")).rejects.toThrow();
  },
  "a component that is mounted in another is not the app's to call": async (t) => {
    await expect(runQuery(t, "first.ledger.entries.total", { name: "n" })).rejects.toThrow();
  },
  "a component that is not mounted cannot be called": async (t) => {
    await expect(get(t, "third", "n")).rejects.toThrow();
  },
  "a component is not told who is calling": async (t) => {
    const ada = { ...t, ...(await t.as({ subject: "ada" })) };
    expect(await runQuery(ada, "first.counts.identity")).toBeNull();
    expect(await runAction(ada, "first.counts.identityInAction")).toBeNull();
  },
  "a component sees the variables it is mounted with, and no others": async (t) => {
    expect([
      await runQuery(t, "first.counts.environment"),
      await runQuery(t, "second.counts.environment"),
    ]).toEqual([
      { label: "one", foreign: null },
      { label: "two", foreign: null },
    ]);
  },
  "an id of one mount means nothing in another": async (t) => {
    const name = randomUUID();
    await add(t, "first", name, 1);
    const id = (await runQuery(t, "first.counts.idOf", { name })) as string;
    expect(await runQuery(t, "first.counts.countOf", { id })).toBe(1);
    expect(await runQuery(t, "second.counts.countOf", { id })).toBeNull();
  },
  "a component does not paginate": async (t) => {
    await expect(runQuery(t, "first.counts.paginated")).rejects.toThrow(/paginate/);
  },
  "with a handle a component calls back into the app, internal functions too": async (t) => {
    expect(await t.mutation("components:callBack", { text: "hello" })).toBe("noted hello");
  },
  "a handle can be kept in a document and used later": async (t) => {
    const name = randomUUID();
    await t.mutation("components:keepHandle");
    expect(await t.mutation("components:useKeptHandle", { name })).toBe(1);
    expect(await get(t, "first", name)).toEqual({ count: 1, total: 1 });
  },
  "a handle that nobody gave out calls nothing": async (t) => {
    for (const handle of ["function://;components:note", "function://#components:note"]) {
      await expect(t.mutation("components:useHandle", { handle })).rejects.toThrow();
    }
  },
  "a component's function can be scheduled": async (t) => {
    const name = randomUUID();
    await t.mutation("components:scheduleAdd", { name });
    await t.passTime(1_000);
    expect(await get(t, "first", name)).toEqual({ count: 1, total: 1 });
  },
  "a component's jobs are its own": async (t) => {
    const [ofApp, ofFirst, ofSecond] = await jobCounts(t);
    await runMutation(t, "second.counts.schedule", { name: randomUUID() });
    expect(await jobCounts(t)).toEqual([ofApp, ofFirst, (ofSecond ?? 0) + 1]);
  },
  "a component's files are its own": async (t) => {
    const storageId = (await runAction(t, "first.counts.store", { text: "t" })) as string;
    expect(await runQuery(t, "first.counts.isStored", { storageId })).toBe(true);
    expect(await runQuery(t, "second.counts.isStored", { storageId })).toBe(false);
    expect(await t.query("components:isStored", { storageId })).toBe(false);
  },
  "db.system shows a component its own files and jobs": async (t) => {
    const shown = async (mount: string) =>
      (await runQuery(t, `${mount}.counts.systemDocuments`)) as Record<string, string[]>;
    const file = (await runAction(t, "first.counts.store", { text: "t" })) as string;
    const job = (await runMutation(t, "first.counts.schedule", { name: randomUUID() })) as string;
    const [first, second] = [await shown("first"), await shown("second")];
    expect([first["files"]?.includes(file), first["jobs"]?.includes(job)]).toEqual([true, true]);
    expect([second["files"]?.includes(file), second["jobs"]?.includes(job)]).toEqual([
      false,
      false,
    ]);
  },
  "HTTP actions of a component answer below its prefix": async (t) => {
    const response = await t.fetch("/first/where");
    expect([response.status, await response.text()]).toEqual([200, "/first/where"]);
    expect((await t.fetch("/where")).status).toBe(404);
  },
});

/** How the job ended. */
async function runScheduled(t: Driver, path: string, args: Args): Promise<string> {
  const id = (await t.mutation("components:schedule", { path, args: { ...args } })) as string;
  await t.passTime(1_000);
  const job = (await t.query("jobs:read", { id })) as { readonly state: { readonly kind: string } };
  return job.state.kind;
}

async function jobCounts(t: Driver): Promise<number[]> {
  return (await Promise.all([
    t.query("components:jobs"),
    runQuery(t, "first.counts.jobs"),
    runQuery(t, "second.counts.jobs"),
  ])) as number[];
}
