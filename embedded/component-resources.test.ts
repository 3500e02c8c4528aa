import { afterAll, beforeAll, expect, test, vi } from "vitest";

import { startTestBackend, type TestBackend } from "./test-backend.ts";
import { componentsProject } from "./test-components.ts";

const HOUR_MS = 3_600_000;
/** A cron job that is due every month is due once in it. */
const MONTH_MS = 32 * 24 * HOUR_MS;

let backend: TestBackend;

beforeAll(async () => {
  backend = await startTestBackend();
  await backend.deploy(componentsProject());
}, 60_000);
afterAll(() => backend.dispose());

interface Job {
  readonly name: string;
  readonly args: readonly unknown[];
  readonly state: string;
}

const run = (path: string, args?: object) => backend.run(`app:${path}`, args);
/** Calls a function of a component as an admin. */
async function runIn(componentPath: string, path: string, args: object = {}): Promise<unknown> {
  const headers = { Authorization: `Convex ${backend.adminKey}` };
  const { body } = await backend.post("/api/function", { componentPath, path, args }, headers);
  const { value, errorMessage } = body as { value?: unknown; errorMessage?: string };
  if (errorMessage !== undefined) throw new Error(errorMessage);
  return value;
}
const fetchSite = (path: string, init?: RequestInit) => fetch(`${backend.url}/http${path}`, init);
const jobsIn = async (componentPath: string): Promise<Job[]> =>
  (await (componentPath === "" ? run("jobs") : runIn(componentPath, "public:jobs"))) as Job[];

test("jobs belong to who scheduled them, wherever what they call is", async () => {
  const name = "everywhere";
  await run("scheduleEverywhere", { name });
  const names = (jobs: Job[]) => jobs.map((job) => job.name).toSorted();
  expect(names(await jobsIn(""))).toEqual(["public.js:add"]);
  expect(names(await jobsIn("second"))).toEqual(["app.js:noteName", "hidden.js:bump"]);
  expect(await jobsIn("first")).toEqual([]);
  await vi.waitFor(
    async () => {
      const states = [...(await jobsIn("")), ...(await jobsIn("second"))].map((job) => job.state);
      expect(states).toEqual(["success", "success", "success"]);
    },
    { timeout: 10_000 },
  );
  expect(await run("counts", { name })).toEqual({
    first: 1,
    firstLedger: 1,
    second: 1,
    secondLedger: 0,
    notes: 1,
  });
});

test("jobs that an action of a component schedules belong to the component", async () => {
  const schedule = { name: "by an action", delayMs: HOUR_MS };
  await runIn("first", "public:scheduleInAction", schedule);
  const isScheduled = async (component: string) =>
    JSON.stringify(await jobsIn(component)).includes(schedule.name);
  expect([await isScheduled("first"), await isScheduled("")]).toEqual([true, false]);
});

test("a component cancels its own jobs, and those of no one else", async () => {
  const schedule = { name: "never", delayMs: HOUR_MS };
  const own = await runIn("first", "public:schedule", schedule);
  const foreign = await runIn("second", "public:schedule", schedule);
  await runIn("first", "public:cancel", { jobId: own });
  await runIn("first", "public:cancel", { jobId: foreign });
  const stateOfNever = async (component: string) =>
    (await jobsIn(component)).filter(({ args }) => JSON.stringify(args).includes("never"));
  expect(await stateOfNever("first")).toMatchObject([{ state: "canceled" }]);
  expect(await stateOfNever("second")).toMatchObject([{ state: "pending" }]);
});

test("a job of a rolled-back call is not scheduled", async () => {
  const before = await jobsIn("first");
  await expect(runIn("first", "public:scheduleAndFail", { name: "rolled back" })).rejects.toThrow(
    /after scheduling/,
  );
  expect(await jobsIn("first")).toEqual(before);
});

test("every mount runs the cron jobs of its definition", async () => {
  expect(await run("counts", { name: "ticks" })).toMatchObject({ first: 0, second: 0 });
  backend.clock.offsetMs += MONTH_MS;
  await run("wakeScheduler");
  await vi.waitFor(
    async () => {
      expect(await run("counts", { name: "ticks" })).toMatchObject({ first: 1, second: 1 });
    },
    { timeout: 10_000 },
  );
});

test("files are stored, found and served for one component only", async () => {
  const storageId = await runIn("first", "public:store", { text: "a file" });
  expect([await runIn("first", "public:files"), await runIn("second", "public:files")]).toEqual([
    1, 0,
  ]);
  expect(await runIn("second", "public:fileUrl", { storageId })).toBeNull();
  const url = (await runIn("first", "public:fileUrl", { storageId })) as string;
  expect(new URL(url).searchParams.get("component")).toBe("first");
  expect(await (await fetch(url)).text()).toBe("a file");
  const asOthers = url.replace("component=first", "component=second");
  for (const address of [asOthers, url.split("?")[0] ?? ""]) {
    expect((await fetch(address)).status).toBe(404);
  }
});

test.each([
  ["mutation", "files:uploadUrl"],
  ["action", "files:uploadUrlInAction"],
])("an upload address of a %s stores into the component that made it", async (_, path) => {
  const uploadUrl = (await runIn("second/ledger", path)) as string;
  const response = await fetch(uploadUrl, { method: "POST", body: "uploaded" });
  const { storageId } = (await response.json()) as { storageId: string };
  const url = (await runIn("second/ledger", "files:fileUrl", { storageId })) as string;
  expect(await (await fetch(url)).text()).toBe("uploaded");
  expect(await runIn("second", "public:fileUrl", { storageId })).toBeNull();
});

test("HTTP actions of a component answer below its prefix, those of its children below theirs", async () => {
  const counted = await fetchSite("/first/count/apples", { method: "POST" });
  expect(await counted.json()).toEqual({
    count: 1,
    identity: null,
    url: `${backend.url}/first/count/apples`,
  });
  const where = await fetchSite("/first/ledger/where");
  expect(await where.json()).toEqual({ ledger: "/first/ledger/where" });
});

test("the app's exact routes and longer prefixes come before mounts", async () => {
  expect(await (await fetchSite("/first/exact")).text()).toBe("the app's own");
  const vip = await fetchSite("/first/count/vip/x", { method: "POST" });
  expect(await vip.text()).toBe("the app's longer prefix");
});

test("what is mounted nowhere, or has no such route, is not found", async () => {
  for (const path of ["/second/count/x", "/count/x", "/first/nothing", "/first"]) {
    expect((await fetchSite(path, { method: "POST" })).status).toBe(404);
  }
});
