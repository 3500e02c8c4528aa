import { afterAll, beforeAll, expect, test } from "vitest";

import { startTestDeployment, type TestDeployment } from "./test-deployment.ts";

let deployment: TestDeployment;

beforeAll(async () => {
  deployment = await startTestDeployment({
    keys: `
      import { queryGeneric as query, mutationGeneric as mutation, actionGeneric as action, makeFunctionReference as ref } from "convex/server";
      import { SignJWT, importPKCS8, exportJWK, generateKeyPair, exportPKCS8, jwtVerify, importJWK } from "jose";
      export const generate = action(async () => {
        const pair = await generateKeyPair("RS256", { extractable: true });
        return { privateKey: await exportPKCS8(pair.privateKey), publicJwk: await exportJWK(pair.publicKey) };
      });
      export const sign = mutation(async (ctx, { privateKey, publicJwk }) => {
        await ctx.db.insert("tokens", { before: true });
        const key = await importPKCS8(privateKey, "RS256");
        const token = await new SignJWT({ sub: "user" }).setProtectedHeader({ alg: "RS256" }).setIssuedAt().sign(key);
        const { payload } = await jwtVerify(token, await importJWK(publicJwk, "RS256"));
        await ctx.db.insert("tokens", { token });
        return [payload.sub, (await ctx.db.query("tokens").collect()).length];
      });
      export const digest = query(async () => {
        const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode("abc"));
        return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
      });
      export const hmac = query(async () => {
        const key = await crypto.subtle.importKey("raw", new Uint8Array([1, 2, 3]), { name: "HMAC", hash: "SHA-256" }, true, ["sign", "verify"]);
        const signature = await crypto.subtle.sign("HMAC", key, new Uint8Array([4]));
        const jwk = await crypto.subtle.exportKey("jwk", key);
        return [await crypto.subtle.verify("HMAC", key, signature, new Uint8Array([4])), jwk.kty];
      });
      export const badKey = mutation(async (ctx) => {
        await ctx.db.insert("tokens", { token: "undone" });
        try { await importPKCS8("nonsense", "RS256"); } catch (error) {
          if (!(error instanceof TypeError)) return "foreign error";
        }
        await crypto.subtle.importKey("raw", new Uint8Array(1), "AES-GCM", true, ["encrypt"]);
      });
      export const outer = mutation(async (ctx) => {
        const order = [];
        await Promise.all([
          ctx.runQuery(ref("keys:digest")).then((hex) => order.push(hex.slice(0, 4))),
          ctx.db.insert("tokens", { token: "after" }).then(() => order.push("inserted")),
        ]);
        return order;
      });
      export const unawaited = mutation(async () => { crypto.subtle.digest("SHA-256", new Uint8Array(1)); return "done"; });
      export const count = query(async (ctx) => (await ctx.db.query("tokens").collect()).length);
      export const derive = action(async () => {
        const key = await crypto.subtle.importKey("raw", new TextEncoder().encode("pw"), "PBKDF2", false, ["deriveBits"]);
        const bits = await crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt: new Uint8Array(16), iterations: 1000 }, key, 256);
        return new Uint8Array(bits).length;
      });
    `,
  });
});

afterAll(() => deployment.close());

async function act(path: string): Promise<unknown> {
  const { requestOf, unwrap } = await import("./test-deployment.ts");
  return unwrap(await deployment.runner.runAction(requestOf(path)));
}

test("a mutation signs and verifies RS256 tokens with jose", async () => {
  const keys = (await act("keys:generate")) as object;
  await expect(deployment.change("keys:sign", keys)).resolves.toEqual(["user", 2]);
});

test("an action derives bits with PBKDF2", async () => {
  await expect(act("keys:derive")).resolves.toBe(32);
});

test("queries digest, sign and verify", async () => {
  await expect(deployment.value("keys:digest")).resolves.toBe(
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  );
  await expect(deployment.value("keys:hmac")).resolves.toEqual([true, "oct"]);
});

test("a failing WebCrypto call throws inside and undoes the mutation", async () => {
  const before = await deployment.value("keys:count");
  await expect(deployment.change("keys:badKey")).rejects.toThrow("Uncaught DataError");
  await expect(deployment.value("keys:count")).resolves.toBe(before);
});

test("calls behind a nested function that awaits WebCrypto keep their order", async () => {
  await expect(deployment.change("keys:outer")).resolves.toEqual(["ba78", "inserted"]);
});

test("a WebCrypto call that nobody awaits holds nothing up", async () => {
  await expect(deployment.change("keys:unawaited")).resolves.toBe("done");
});

test("functions asked for while WebCrypto is awaited run afterwards", async () => {
  const results = await Promise.all([
    deployment.value("keys:digest"),
    deployment.value("keys:hmac"),
    deployment.change("keys:outer"),
    deployment.value("keys:count"),
  ]);
  expect(results[1]).toEqual([true, "oct"]);
});
