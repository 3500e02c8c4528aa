import { createHash } from "node:crypto";

import { afterAll, beforeAll, expect, test } from "vitest";

import { startTestDeployment, type TestDeployment } from "./test-deployment.ts";

const SOURCES = {
  files: `
    import { queryGeneric as query, mutationGeneric as mutation, internalMutationGeneric, internalQueryGeneric, makeFunctionReference as ref } from "convex/server";
    const text = async (ctx, id) => { const blob = await ctx.storage.get(id); return blob === null ? null : [await blob.text(), blob.type]; };
    export const store = mutation(async (ctx, { body, type, sha256 }) => {
      const id = await ctx.storage.store(new Blob([body], type === undefined ? {} : { type }), sha256 === undefined ? undefined : { sha256 });
      return { id, own: await text(ctx, id), row: await ctx.db.system.get(id), url: await ctx.storage.getUrl(id) };
    });
    export const storeBytes = mutation(async (ctx) => {
      const id = await ctx.storage.store(new Blob([new Uint8Array([0, 255, 128, 10])]));
      return Array.from(new Uint8Array(await (await ctx.storage.get(id)).arrayBuffer()));
    });
    export const read = mutation(async (ctx, { id }) => await text(ctx, id));
    export const fail = mutation(async (ctx) => { await ctx.storage.store(new Blob(["lost"])); throw new Error("after storing"); });
    export const nestedFails = internalMutationGeneric(async (ctx) => { await ctx.storage.store(new Blob(["lost"])); throw new Error("nested"); });
    export const caught = mutation(async (ctx) => {
      await ctx.storage.store(new Blob(["kept"]));
      await ctx.runMutation(ref("files:nestedFails"), {}).catch(() => undefined);
    });
    export const list = query(async (ctx) => (await ctx.db.system.query("_storage").collect()).length);
    export const replace = mutation(async (ctx, { id }) => {
      await ctx.storage.delete(id);
      return [await text(ctx, id), await ctx.storage.getUrl(id)];
    });
    export const usage = mutation(async (ctx) => {
      const id = await ctx.storage.store(new Blob(["12345"]));
      await ctx.storage.get(id);
      await ctx.storage.get(id);
      const { filesRead, fileReadBytes, filesWritten, fileWriteBytes } = await ctx.meta.getTransactionMetrics();
      return [filesRead.used, fileReadBytes.used, filesWritten.used, fileWriteBytes.used];
    });
    export const storeTwo = internalMutationGeneric(async (ctx) => { await ctx.storage.store(new Blob(["12345"])); await ctx.storage.store(new Blob(["12345"])); });
    export const readTwo = internalMutationGeneric(async (ctx, { id }) => { await ctx.storage.get(id); await ctx.storage.get(id); });
    const message = (error) => error.message.split("\\n")[0].replace(/^Uncaught Error: /, "");
    export const limited = mutation(async (ctx, { transactionLimits, id }) => await (id === undefined
      ? ctx.runMutation(ref("files:storeTwo"), {}, { transactionLimits })
      : ctx.runMutation(ref("files:readTwo"), { id }, { transactionLimits })).then(() => "fits", message));
    export const inQuery = query(async (ctx) => [typeof ctx.storage.store, typeof ctx.storage.get]);
  `,
};

let deployment: TestDeployment;
beforeAll(async () => {
  deployment = await startTestDeployment(SOURCES);
});
afterAll(() => deployment.close());

interface Stored {
  readonly id: string;
  readonly own: readonly string[];
  readonly row: Record<string, unknown>;
  readonly url: string;
}

test("a mutation stores a file, reads it itself and finds it later", async () => {
  const stored = (await deployment.change("files:store", {
    body: "hällo",
    type: "text/plain",
  })) as Stored;
  expect(stored.own).toEqual(["hällo", "text/plain"]);
  expect(stored.row).toMatchObject({
    size: 6,
    sha256: createHash("sha256").update("hällo").digest("base64"),
    contentType: "text/plain",
  });
  expect(stored.url).toMatch(/\/api\/storage\/[0-9a-f-]{36}$/);
  const { id } = stored;
  await expect(deployment.change("files:read", { id })).resolves.toEqual(["hällo", "text/plain"]);
  await expect(deployment.change("files:replace", { id })).resolves.toEqual([null, null]);
  await expect(deployment.change("files:read", { id })).resolves.toBeNull();
  await expect(deployment.change("files:storeBytes")).resolves.toEqual([0, 255, 128, 10]);
});

test("a file goes with the mutation, or the nested one, that stored it", async () => {
  const before = (await deployment.value("files:list")) as number;
  await expect(deployment.change("files:fail")).rejects.toThrow("after storing");
  await expect(deployment.value("files:list")).resolves.toBe(before);
  await deployment.change("files:caught");
  await expect(deployment.value("files:list")).resolves.toBe(before + 1);
});

test("a wrong digest is refused, a right one is not", async () => {
  const digest = (encoding: "hex" | "base64") => createHash("sha256").update("x").digest(encoding);
  for (const sha256 of [digest("base64"), digest("hex")]) {
    await expect(deployment.change("files:store", { body: "x", sha256 })).resolves.toBeTruthy();
  }
  await expect(
    deployment.change("files:store", { body: "y", sha256: digest("base64") }),
  ).rejects.toThrow("Sha256 mismatch. Expected: ");
});

test("files count for the transaction, and no more of them pass than may", async () => {
  await expect(deployment.change("files:usage")).resolves.toEqual([2, 10, 1, 5]);
  const { id } = (await deployment.change("files:store", { body: "12345" })) as Stored;
  const limited = (transactionLimits: object, args: object = {}) =>
    deployment.change("files:limited", { transactionLimits, ...args });
  await expect(limited({ filesWritten: 2, fileWriteBytes: 10 })).resolves.toBe("fits");
  await expect(limited({ filesWritten: 1 })).resolves.toBe(
    "Too many files written in a single function execution (limit: 1)",
  );
  await expect(limited({ fileWriteBytes: 9 })).resolves.toBe(
    "Too many bytes of files written in a single function execution (limit: 9 bytes)",
  );
  await expect(limited({ filesRead: 2, fileReadBytes: 10 }, { id })).resolves.toBe("fits");
  await expect(limited({ filesRead: 1 }, { id })).resolves.toBe(
    "Too many files read in a single function execution (limit: 1)",
  );
  await expect(limited({ fileReadBytes: 9 }, { id })).resolves.toBe(
    "Too many bytes of files read in a single function execution (limit: 9 bytes)",
  );
});

test("queries neither store nor read files", async () => {
  await expect(deployment.value("files:inQuery")).resolves.toEqual(["undefined", "undefined"]);
});
