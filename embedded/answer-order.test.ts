import { webcrypto } from "node:crypto";

import { BaseConvexClient, type OptimisticLocalStore } from "convex/browser";
import { makeFunctionReference } from "convex/server";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { WebSocket } from "ws";

import { addition, SyncSocket } from "../tests/support/sync-socket.ts";
import { startTestBackend, type TestBackend } from "./test-backend.ts";
import { GENERATED } from "./test-project.ts";

const SOURCES = {
  ...GENERATED,
  counters: `
    import { env, mutation, query } from "./_generated/server";
    const find = (ctx, name) =>
      ctx.db.query("counters").filter((q) => q.eq(q.field("name"), name)).first();
    const valueOf = async (ctx, { name }) => (await find(ctx, name))?.value ?? 0;
    export const read = query({ handler: valueOf });
    /** In conflict with a change of the variable while it waits. */
    export const readSlowly = mutation({
      handler: async (ctx, args) => {
        const { SETTING } = env;
        await crypto.subtle.digest("SHA-256", new Uint8Array(1));
        return await valueOf(ctx, args);
      },
    });
    export const increment = mutation({
      handler: async (ctx, { name }) => {
        const row = await find(ctx, name);
        if (row === null) await ctx.db.insert("counters", { name, value: 1 });
        else await ctx.db.patch(row._id, { value: row.value + 1 });
        return "incremented";
      },
    });
  `,
};

let backend: TestBackend;
beforeAll(async () => {
  backend = await startTestBackend();
  await backend.deploy(SOURCES);
}, 60_000);
afterAll(() => backend.dispose());

let changes = 0;

/**
 * Makes the first mutation that waits for a digest run again after a pause, in which those behind it
 * commit. `send` sends them.
 */
async function delayFirst(send: () => void): Promise<void> {
  let onAsked: () => void = () => undefined;
  let letGo: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => (onAsked = resolve));
  const isLetGo = new Promise<void>((resolve) => (letGo = resolve));
  const spy = vi.spyOn(webcrypto.subtle, "digest").mockImplementationOnce(async () => {
    onAsked();
    await isLetGo;
    return new ArrayBuffer(32);
  });
  onTestFinished(() => spy.mockRestore());
  send();
  await asked;
  await backend.setVariables({ SETTING: String((changes += 1)) });
  letGo();
}

test("a mutation is answered before a Transition shows it, also while it waits for the answer of one before", async () => {
  const args = { name: "raw" };
  const told: string[] = [];
  const socket = new SyncSocket(backend.url, {
    onTransition: ({ modifications }) =>
      modifications.forEach(({ value }) => told.push(`sees ${JSON.stringify(value)}`)),
    onMutationResponse: ({ result }) => told.push(`is answered ${JSON.stringify(result)}`),
    onActionResponse: () => undefined,
    onOther: (frame) => told.push(frame),
    onClose: () => undefined,
  });
  await socket.opened;
  onTestFinished(() => socket.terminate());
  const sessionId = "11111111-2222-4333-8444-555555555555";
  socket.introduce({ sessionId, connectionCount: 0, maxObservedTs: null });
  socket.modifyQuerySet(0, [addition(0, "counters:read", args)]);
  await vi.waitFor(() => expect(told).toEqual(["sees 0"]), { timeout: 10_000 });
  await delayFirst(() => {
    socket.call("Mutation", 0, "counters:readSlowly", args);
    socket.call("Mutation", 1, "counters:increment", args);
  });
  await vi.waitFor(() => expect(told).toHaveLength(4), { timeout: 10_000 });
  // The first one, run again, reads what the second one wrote meanwhile.
  expect(told).toEqual(["sees 0", "is answered 1", 'is answered "incremented"', "sees 1"]);
});

test("an optimistic update is never shown on top of the result that it foresaw", async () => {
  const args = { name: "optimistic" };
  const read = makeFunctionReference<"query", typeof args, number>("counters:read");
  const seen: unknown[] = [];
  const client = new BaseConvexClient(
    backend.url,
    () => void seen.push(client.localQueryResult("counters:read", args)),
    { webSocketConstructor: WebSocket as unknown as typeof globalThis.WebSocket, logger: false },
  );
  onTestFinished(() => client.close());
  client.subscribe("counters:read", args);
  await vi.waitFor(() => expect(seen).toEqual([0]), { timeout: 10_000 });
  const answers: Promise<unknown>[] = [];
  await delayFirst(() => {
    answers.push(client.mutation("counters:readSlowly", args));
    const optimisticUpdate = (store: OptimisticLocalStore) =>
      store.setQuery(read, args, (store.getQuery(read, args) ?? 0) + 1);
    answers.push(client.mutation("counters:increment", args, { optimisticUpdate }));
  });
  expect(await Promise.all(answers)).toEqual([1, "incremented"]);
  expect(new Set(seen)).toEqual(new Set([0, 1]));
  expect(seen.at(-1)).toBe(1);
});
