import { ConvexClient, ConvexHttpClient } from "convex/browser";
import { makeFunctionReference } from "convex/server";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";

import { startTestBackend, type TestBackend } from "./test-backend.ts";
import { componentsProject } from "./test-components.ts";

let backend: TestBackend;

beforeAll(async () => {
  backend = await startTestBackend();
  await backend.setVariables({ GREETING: "hello", UNDECLARED: "secret" });
  await backend.deploy(componentsProject());
}, 60_000);
afterAll(() => backend.dispose());

const run = (path: string, args?: object) => backend.run(`app:${path}`, args);
const call = async (reference: string, args: object = {}) =>
  await run("callReference", { path: reference, args });
/** A name that no other test uses. */
let lastName = 0;
const freshName = () => `name ${(lastName += 1)}`;

test("two mounts of one definition have tables of their own, and so have their children", async () => {
  const name = freshName();
  expect(await run("add", { which: "first", name, amount: 3 })).toBe(1);
  expect(await run("add", { which: "first", name, amount: 4 })).toBe(2);
  expect(await run("add", { which: "second", name, amount: 5 })).toBe(1);
  expect(await run("counts", { name })).toEqual({
    first: 2,
    second: 1,
    firstLedger: 7,
    secondLedger: 5,
    notes: 0,
  });
});

test("a component sees the variables it was given, under its own names, and no others", async () => {
  const site = `${backend.url}/http`;
  expect(await run("environment", { which: "first" })).toEqual({
    label: "one",
    greeting: "hello",
    site: `${site}/first`,
    undeclared: null,
    ledger: { owner: "one", greeting: "hello", site: `${site}/first/ledger` },
  });
  expect(await run("environment", { which: "second" })).toEqual({
    label: "two",
    greeting: null,
    site,
    undeclared: null,
    ledger: { owner: "two", greeting: null, site: `${site}/ledger` },
  });
});

test("actions of a component see the same variables", async () => {
  for (const [which, label, greeting] of [
    ["first", "one", "hello"],
    ["second", "two", null],
  ]) {
    const seen = await run("environmentInAction", { which });
    expect(seen).toMatchObject({ label, greeting });
  }
});

test("a change of the app's variable reaches the components that refer to it", async () => {
  const greeting = async () =>
    ((await run("environment", { which: "first" })) as { greeting: string }).greeting;
  await backend.setVariables({ GREETING: "good day" });
  expect(await greeting()).toBe("good day");
  expect(await run("environmentInAction", { which: "first" })).toHaveProperty(
    "greeting",
    "good day",
  );
  await backend.setVariables({ GREETING: "hello" });
  expect(await greeting()).toBe("hello");
});

test("writes of the app and of components commit together or not at all", async () => {
  const name = freshName();
  await expect(run("addAndFail", { which: "first", name })).rejects.toThrow("the app fails");
  expect(await run("counts", { name })).toMatchObject({ first: 0, firstLedger: 0, notes: 0 });
});

test("a failing call across a boundary undoes its own writes and those below it, nothing else", async () => {
  const name = freshName();
  expect(await run("addAndRecover", { which: "first", name })).toMatch(/negative amount -1/);
  expect(await run("counts", { name })).toMatchObject({ first: 1, firstLedger: 1, notes: 1 });
});

test("a component that catches its child's failure keeps its own writes", async () => {
  const name = freshName();
  const failed = await run("addAnyway", { which: "first", name, amount: -2 });
  expect(failed).toMatch(/negative amount -2/);
  expect(await run("counts", { name })).toMatchObject({ first: 1, firstLedger: 0 });
});

test("from an action each call across a boundary is a transaction of its own", async () => {
  const name = freshName();
  await expect(run("addTwice", { which: "first", name })).rejects.toThrow(/negative amount -5/);
  expect(await run("counts", { name })).toMatchObject({ firstLedger: 5 });
});

test("only public functions of children can be called", async () => {
  expect(await call("first.public.get", { name: "nobody" })).toBe(0);
  for (const [reference, message] of [
    ["first.hidden.secret", /Couldn't resolve first\.hidden\.secret/],
    ["first.public.nothing", /Couldn't resolve first\.public\.nothing/],
    ["third.public.get", /child component "third" not found/],
    ["first.ledger.entries.total", /Couldn't resolve first\.ledger\.entries\.total/],
  ] as const) {
    await expect(call(reference)).rejects.toThrow(message);
    const inAction = run("callReferenceInAction", { path: reference, args: {} });
    await expect(inAction).rejects.toThrow(message);
  }
});

test("names reach the app's own functions only", async () => {
  await expect(run("callByName", { name: "public:get" })).rejects.toThrow(/Could not find/);
  await expect(run("callByName", { name: "first/public:get" })).rejects.toThrow(/Could not find/);
});

test("ids belong to the component that gave them", async () => {
  const name = freshName();
  await run("add", { which: "first", name });
  const id = await call("first.public.idOf", { name });
  expect(await call("first.public.countOf", { id })).toBe(1);
  expect(await call("second.public.countOf", { id })).toBeNull();
  const storageId = await backend.run("app:storedText", { text: "file of the app" });
  await expect(call("first.public.countOf", { id: storageId })).rejects.toThrow(
    /ArgumentValidationError[\s\S]*counts/,
  );
});

test("components are not told who is calling, and what they call back is not either", async () => {
  const actingAs = { subject: "ada", issuer: "https://issuer.example" };
  const client = new ConvexHttpClient(backend.url, { logger: false });
  Reflect.apply(Reflect.get(client, "setAdminAuth") as () => void, client, [
    backend.adminKey,
    actingAs,
  ]);
  const identities = makeFunctionReference<"query">("app:identities");
  expect(await client.query(identities, {})).toEqual(["ada", null, null, "ada"]);
  const inAction = makeFunctionReference<"action">("app:identitiesInAction");
  expect(await client.action(inAction, {})).toEqual(["ada", null, null, null, "ada"]);
});

test("clients cannot call functions of components, admins can", async () => {
  const body = { componentPath: "first", path: "public:get", args: { name: "nobody" } };
  const asClient = await backend.post("/api/function", body);
  expect(asClient).toMatchObject({ status: 403 });
  const headers = { Authorization: `Convex ${backend.adminKey}` };
  expect(await backend.post("/api/function", body, headers)).toMatchObject({
    body: { status: "success", value: 0 },
  });
  const internal = { ...body, path: "hidden:secret", args: {} };
  expect(await backend.post("/api/function", internal, headers)).toMatchObject({
    body: { value: "secret" },
  });
  const nowhere = { ...body, componentPath: "third" };
  expect(await backend.post("/api/function", nowhere, headers)).toMatchObject({
    body: { status: "error" },
  });
  const byPath = makeFunctionReference<"query">("first/public:get");
  const client = new ConvexHttpClient(backend.url, { logger: false });
  await expect(client.query(byPath, { name: "nobody" })).rejects.toThrow(/Could not find/);
});

test("paginate is for the app", async () => {
  await expect(call("first.public.paginate")).rejects.toThrow(/only supported in the app/);
});

test("a handle lets a component call back, internal functions too, in the same transaction", async () => {
  const name = freshName();
  expect(await run("callBack", { which: "first", name })).toBe(`noted ${name}`);
  expect(await run("counts", { name })).toMatchObject({ notes: 1 });
  expect(await run("callBackFromAction", { name })).toEqual([
    1,
    `noted ${name}`,
    name.toUpperCase(),
  ]);
});

test("a made-up handle calls nothing", async () => {
  for (const handle of ["function://#app:note", "function://first#hidden:bump", "function://x"]) {
    await expect(run("useForgedHandle", { handle })).rejects.toThrow("Function handle not found");
  }
});

test("a live query over components is told of a commit to a component's rows", async () => {
  const name = freshName();
  const client = new ConvexClient(backend.url, { logger: false });
  onTestFinished(() => client.close());
  const seen: unknown[] = [];
  const counts = makeFunctionReference<"query">("app:counts");
  client.onUpdate(counts, { name }, (value: unknown) => seen.push(value));
  await vi.waitFor(() => expect(seen).toHaveLength(1), { timeout: 10_000 });
  await run("add", { which: "second", name, amount: 6 });
  const expected = { first: 0, firstLedger: 0, second: 1, secondLedger: 6, notes: 0 };
  await vi.waitFor(() => expect(seen.at(-1)).toEqual(expected), { timeout: 10_000 });
});
