import { decodeJwt } from "jose";
import { expect, test, vi } from "vitest";

import { api, internal } from "./_generated/api";
import { signRequestContext } from "./domain/requestContext.ts";
import { isAppError } from "./lib/errors.ts";
import { scriptNetwork } from "./lib/network.setup.ts";
import { addShopper, beginPayment } from "./lib/payments.setup.ts";
import { rateLimiter } from "./lib/rateLimit.ts";
import type { TestShop } from "./lib/shop.setup.ts";
import { addGuest, addProduct, addUser, startShop } from "./lib/shop.setup.ts";

const PASSWORD = "quiet morning kettle";
const ada = { email: "ada@example.com", firstName: "Ada", lastName: "Byron", password: PASSWORD };

async function keyPair(): Promise<string> {
  const algorithm = {
    name: "RSASSA-PKCS1-v1_5",
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
    hash: "SHA-256",
  };
  const { privateKey } = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const bytes = new Uint8Array(await crypto.subtle.exportKey("pkcs8", privateKey));
  const body = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  return `-----BEGIN PRIVATE KEY-----\n${body.replace(/.{64}/g, "$&\n")}\n-----END PRIVATE KEY-----`;
}

async function startAuth(): Promise<TestShop> {
  const t = startShop();
  vi.stubEnv("JWT_PRIVATE_KEY", await keyPair());
  vi.spyOn(console, "info").mockImplementation(() => undefined);
  return t;
}

async function from(ip: string) {
  const options = { secret: "a secret for tests", now: Date.now() };
  return await signRequestContext({ ip, userAgent: "test" }, options);
}

type Caller = Pick<TestShop, "action">;

async function signUp(t: Caller, person: Partial<typeof ada> = {}, ip = "10.0.0.1") {
  const params = { flow: "signUp", ...ada, ...person, requestContext: await from(ip) };
  return await t.action(api.auth.signIn, { provider: "password", params });
}

async function signIn(
  t: Caller,
  person: { email?: string; password?: string } = {},
  ip = "10.0.0.1",
) {
  const credentials = { email: ada.email, password: PASSWORD, ...person };
  const params = { flow: "signIn", ...credentials, requestContext: await from(ip) };
  return await t.action(api.auth.signIn, { provider: "password", params });
}

function withTokens(t: TestShop, result: { tokens?: { token: string } | null }) {
  if (!result.tokens) throw new Error("expected tokens");
  const { sub } = decodeJwt(result.tokens.token);
  return t.withIdentity({ subject: sub! });
}

const refused = (code: string) => ({ data: { code } });

test("ACC-1: who registers is signed in as a client", async () => {
  const t = await startAuth();
  const as = withTokens(t, await signUp(t));
  const viewer = await as.query(api.account.viewer.get, {});
  expect(viewer).toMatchObject({ kind: "user", role: "client", name: "Ada Byron" });
  expect(viewer?.permissions).toEqual([]);
});

test("ACC-1: the address is compared without letter case", async () => {
  const t = await startAuth();
  await signUp(t, { email: " Ada@Example.COM " });
  await expect(signIn(t, { email: "ADA@example.com" })).resolves.toHaveProperty("tokens.token");
  const other = { password: "another long password" };
  await expect(signUp(t, { ...other, email: "aDa@example.com" })).rejects.toMatchObject(
    refused("INVALID_CREDENTIALS"),
  );
});

test("ACC-1: a short or common password is refused with the reason", async () => {
  const t = await startAuth();
  const weak = { code: "WEAK_PASSWORD", min: 10 };
  await expect(signUp(t, { password: "kettle" })).rejects.toMatchObject({
    data: { ...weak, reason: "short" },
  });
  await expect(signUp(t, { password: "Password123!" })).rejects.toMatchObject({
    data: { ...weak, reason: "common" },
  });
});

test("ACC-1: a taken address is answered like a wrong password, and its owner is just signed in", async () => {
  const t = await startAuth();
  await signUp(t);
  const wrong = { password: "not the right one" };
  await expect(signUp(t, wrong)).rejects.toMatchObject(refused("INVALID_CREDENTIALS"));
  await expect(signIn(t, wrong)).rejects.toMatchObject(refused("INVALID_CREDENTIALS"));
  await expect(signUp(t)).resolves.toHaveProperty("tokens.token");
});

test("ACC-1: what is missing or malformed is named by field", async () => {
  const t = await startAuth();
  const invalid = (field: string) => ({ data: { code: "INVALID_INPUT", field } });
  await expect(signUp(t, { email: "ada" })).rejects.toMatchObject(invalid("email"));
  await expect(signUp(t, { firstName: "  " })).rejects.toMatchObject(invalid("firstName"));
  const params = { flow: "signUp", email: { address: "" }, password: 7 };
  await expect(t.action(api.auth.signIn, { provider: "password", params })).rejects.toMatchObject(
    invalid("email"),
  );
});

test("ACC-3: a wrong password and an unknown address are answered alike", async () => {
  const t = await startAuth();
  await signUp(t);
  for (const person of [{ password: "something else" }, { email: "nobody@example.com" }]) {
    await expect(signIn(t, person)).rejects.toMatchObject(refused("INVALID_CREDENTIALS"));
  }
});

test("ACC-3: a refresh token buys new tokens; after signing out it buys none", async () => {
  const t = await startAuth();
  const first = await signUp(t);
  const renewed = await t.action(api.auth.signIn, { refreshToken: first.tokens!.refreshToken });
  expect(renewed.tokens).toMatchObject({ token: expect.any(String) });
  await withTokens(t, renewed).action(api.auth.signOut, {});
  const { refreshToken } = renewed.tokens!;
  expect(await t.action(api.auth.signIn, { refreshToken })).toEqual({ tokens: null });
});

test("ACC-3: what is no refresh token is answered with signing in again, and nothing is deleted", async () => {
  const t = await startAuth();
  const { productId } = await addProduct(t);
  const [tokenId, sessionId] = (await signUp(t)).tokens!.refreshToken.split("|");
  for (const refreshToken of [
    ...["garbage", "|", "a|b", `${tokenId}|`, `${tokenId}|${sessionId}|`, "x".repeat(100_000)],
    ...[`${productId}|${productId}`, `${tokenId}|${productId}`, `${productId}|${sessionId}`],
  ]) {
    const exchange = t.action(api.auth.signIn, { refreshToken });
    await expect(exchange).rejects.toMatchObject(refused("SESSION_ENDED"));
  }
  expect(await t.run((ctx) => ctx.db.get("products", productId))).not.toBeNull();
  expect(await t.run((ctx) => ctx.db.query("authSessions").collect())).toHaveLength(1);
});

test("ACC-3: neither a provider nor a refresh token, or a code, is refused as input", async () => {
  const t = await startAuth();
  for (const args of [{}, { refreshToken: "" }, { params: { code: "123456" } }]) {
    await expect(t.action(api.auth.signIn, args)).rejects.toMatchObject({
      data: { code: "INVALID_INPUT", field: "provider" },
    });
  }
});

test("ACC-3: signing out ends the session on every open page", async () => {
  const t = await startAuth();
  const as = withTokens(t, await signUp(t));
  await as.action(api.auth.signOut, {});
  expect(await as.query(api.account.viewer.get, {})).toBeNull();
});

test("ACC-5: after ten failures from an address it has to wait, and is told how long", async () => {
  const t = await startAuth();
  await signUp(t);
  for (let i = 0; i < 10; i++) {
    const attempt = signIn(t, { password: `guess number ${i}` }, "10.6.6.6");
    await expect(attempt).rejects.toMatchObject(refused("INVALID_CREDENTIALS"));
  }
  const attempt = signIn(t, { password: "guess number 11" }, "10.6.6.6");
  await expect(attempt).rejects.toMatchObject(refused("RATE_LIMITED"));
  const data = await attempt.catch((error: unknown) =>
    isAppError(error, "RATE_LIMITED") ? error.data : null,
  );
  expect(data).toHaveProperty("retryAfterMs");
}, 60_000);

test("ACC-5: guessing at an account does not keep its owner out", async () => {
  const t = await startAuth();
  await signUp(t);
  for (let i = 0; i < 60; i++) {
    const attempt = { email: ada.email, address: `10.9.${i}.1` };
    await t.mutation(internal.jobs.signIn.begin, attempt).catch(() => null);
  }
  const stranger = signIn(t, {}, "10.7.7.7");
  await expect(stranger).rejects.toMatchObject(refused("RATE_LIMITED"));
  await expect(signIn(t)).resolves.toHaveProperty("tokens.token");
});

test("ACC-5: the right password does not use up attempts", async () => {
  const t = await startAuth();
  await signUp(t);
  for (let i = 0; i < 12; i++) await signIn(t);
  await expect(signIn(t)).resolves.toHaveProperty("tokens.token");
}, 60_000);

test("ACC-5: who forges the request context counts with all other unsigned callers", async () => {
  const t = await startAuth();
  await signUp(t);
  const begin = async (requestContext: string) => {
    const params = { flow: "signIn", email: ada.email, password: "no", requestContext };
    return await t.action(api.auth.signIn, { provider: "password", params }).catch(() => null);
  };
  const forged = await signRequestContext(
    { ip: "1.2.3.4", userAgent: "" },
    { secret: "not the secret", now: Date.now() },
  );
  await begin(forged);
  await begin("nonsense");
  const isCounted = (key: string) =>
    t.run(async (ctx) => (await rateLimiter.getValue(ctx, "signInFromAddress", { key })).ts > 0);
  expect(await isCounted("unsigned")).toBe(true);
  expect(await isCounted("1.2.3.4")).toBe(false);
});

test("ACC-1: a deactivated account is told so with the right password only", async () => {
  const t = await startAuth();
  await signUp(t);
  await t.run(async (ctx) => {
    const user = await ctx.db.query("users").first();
    await ctx.db.patch("users", user!._id, { deactivatedAt: Date.now() });
  });
  await expect(signIn(t)).rejects.toMatchObject(refused("ACCOUNT_DEACTIVATED"));
  await expect(signIn(t, { password: "wrong password" })).rejects.toMatchObject(
    refused("INVALID_CREDENTIALS"),
  );
});

test("ACC-9: a guest's identity is created once and kept", async () => {
  const t = await startAuth();
  const params = { requestContext: await from("10.0.0.1") };
  const result = await t.action(api.auth.signIn, { provider: "anonymous", params });
  const as = withTokens(t, result);
  const viewer = await as.query(api.account.viewer.get, {});
  expect(viewer).toMatchObject({ kind: "guest", email: null });
  const again = await as.action(api.auth.signIn, { provider: "anonymous", params });
  const same = await withTokens(t, again).query(api.account.viewer.get, {});
  expect(same?.id).toBe(viewer?.id);
});

test("ACC-8: a guest's cart moves into the account that signs in, once", async () => {
  const t = await startAuth();
  const { variantId } = await addProduct(t, { slug: "pot", variants: [{ stock: 5 }] });
  const account = withTokens(t, await signUp(t));
  await account.mutation(api.shop.cart.add, { variantId, quantity: 2 });
  const guest = await addGuest(t);
  await guest.as.mutation(api.shop.cart.add, { variantId, quantity: 1 });
  const as = withTokens(t, await signIn(guest.as));
  expect(await as.query(api.shop.cart.count, {})).toBe(3);
  await signIn(guest.as);
  expect(await as.query(api.shop.cart.count, {})).toBe(3);
  expect(await guest.as.query(api.shop.cart.count, {})).toBe(0);
});

test("ACC-8: merging keeps the stock limit and loses nothing else", async () => {
  const t = await startAuth();
  const pot = await addProduct(t, { slug: "pot", variants: [{ stock: 3 }] });
  const cup = await addProduct(t, { slug: "cup" });
  const account = withTokens(t, await signUp(t));
  await account.mutation(api.shop.cart.add, { variantId: pot.variantId, quantity: 2 });
  const guest = await addGuest(t);
  await guest.as.mutation(api.shop.cart.add, { variantId: pot.variantId, quantity: 2 });
  await guest.as.mutation(api.shop.cart.add, { variantId: cup.variantId, quantity: 4 });
  const as = withTokens(t, await signIn(guest.as));
  const { lines } = await as.query(api.shop.cart.get, {});
  expect(lines.map(({ productSlug, quantity }) => [productSlug, quantity]).sort()).toEqual([
    ["cup", 4],
    ["pot", 3],
  ]);
});

test("ACC-8: registering takes the guest's cart along", async () => {
  const t = await startAuth();
  const { variantId } = await addProduct(t);
  const guest = await addGuest(t);
  await guest.as.mutation(api.shop.cart.add, { variantId, quantity: 2 });
  const as = withTokens(t, await signUp(guest.as));
  expect(await as.query(api.shop.cart.count, {})).toBe(2);
});

test("ACC-8: signing in from another account's session merges nothing", async () => {
  const t = await startAuth();
  const { variantId } = await addProduct(t);
  await signUp(t);
  const other = await addUser(t, { email: "grace@example.com" });
  await other.as.mutation(api.shop.cart.add, { variantId, quantity: 2 });
  const as = withTokens(t, await signIn(other.as));
  expect(await as.query(api.shop.cart.count, {})).toBe(0);
});

test("ACC-8: a guest's order and what was typed in the checkout move into the account", async () => {
  const t = await startAuth();
  scriptNetwork();
  const shopper = await addShopper(t);
  const { orderNumber } = await beginPayment(shopper, "bankTransfer");
  const as = withTokens(t, await signUp(shopper.as));
  const order = await as.query(api.account.orders.get, { orderNumber });
  expect(order).toMatchObject({ number: orderNumber });
  const checkout = await as.query(api.shop.checkout.get, {});
  expect(checkout).toMatchObject({ contact: { email: "maren@example.com" } });
});
