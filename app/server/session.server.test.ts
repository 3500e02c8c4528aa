import { ConvexError } from "convex/values";
import { UnsecuredJWT } from "jose";
import { beforeEach, expect, test } from "vitest";

import { verifyRequestContext } from "#convex/domain/requestContext.ts";

import { type ConvexConnection, TokenRejectedError, UnavailableError } from "./convex.server.ts";
import { CookieJar } from "./cookies.server.ts";
import { createRefresher, Session } from "./session.server.ts";

const NOW = 1_800_000_000_000;
const secret = "0123456789abcdef0123456789abcdef";
const client = { ip: "192.0.2.7", userAgent: "Browser/1" };

type Call = { readonly token: string | null; readonly args: Record<string, unknown> };
let calls: Call[];
let answer: (call: Call) => unknown;

beforeEach(() => {
  calls = [];
  answer = () => ({ tokens: null });
});

function tokenUntil(expiresAt: number, subject = "user|session"): string {
  return new UnsecuredJWT({ sub: subject }).setExpirationTime(expiresAt / 1000).encode();
}

function createEnvironment() {
  const connection = {
    client: (token: string | null) => ({
      action: async (_action: unknown, args: Record<string, unknown> = {}) => {
        const call = { token, args };
        calls.push(call);
        return answer(call);
      },
    }),
  } as unknown as ConvexConnection;
  const refresh = createRefresher(connection);
  return { connection, refresh, requestContextSecret: secret, now: () => NOW };
}

/** The cookies of a browser that was given these tokens. */
async function cookiesWith(token: string, keep = true): Promise<string> {
  const jar = new CookieJar(null, { isSecure: false });
  answer = () => ({ tokens: { token, refreshToken: `refresh ${token}` } });
  const session = await Session.open(createEnvironment(), jar, client);
  await session.signIn({ flow: "signIn", email: "a@b.test", password: "x" }, keep);
  calls = [];
  return (await jar.serialize()).map((cookie) => cookie.split(";")[0]).join("; ");
}

async function openWith(header: string | null, using = createEnvironment()) {
  const cookies = new CookieJar(header, { isSecure: false });
  return { cookies, session: await Session.open(using, cookies, client) };
}

test("a visitor without cookies has no identity, and costs no call", async () => {
  const { session, cookies } = await openWith(null);
  expect(session.token).toBeNull();
  expect(session.key).toBeNull();
  expect(calls).toEqual([]);
  expect(await cookies.serialize()).toEqual([]);
});

test("the first write makes a guest, once, and keeps the guest in cookies", async () => {
  const token = tokenUntil(NOW + 3_600_000);
  answer = () => ({ tokens: { token, refreshToken: "r" } });
  const { session, cookies } = await openWith(null);
  expect(await session.ensureIdentity()).toBe(token);
  expect(await session.ensureIdentity()).toBe(token);
  expect(calls).toHaveLength(1);
  expect(calls[0]?.args["provider"]).toBe("anonymous");
  const set = await cookies.serialize();
  expect(set).toHaveLength(2);
  for (const cookie of set) expect(cookie).toContain("Max-Age=5184000");
});

test("signing in carries the guest's token and where the visitor comes from, signed", async () => {
  const guest = tokenUntil(NOW + 3_600_000, "guest|1");
  const header = await cookiesWith(guest);
  const { session } = await openWith(header);
  answer = () => ({ tokens: { token: tokenUntil(NOW + 3_600_000), refreshToken: "r" } });
  await session.signIn({ flow: "signIn", email: "a@b.test", password: "x" }, true);
  expect(calls[0]?.token).toBe(guest);
  const params = calls[0]?.args["params"] as { requestContext: string };
  expect(await verifyRequestContext(params.requestContext, { secret, now: NOW })).toMatchObject({
    ip: "192.0.2.7",
    userAgent: "Browser/1",
  });
});

test("the key tells sessions apart and does not tell whose they are", async () => {
  const one = await openWith(await cookiesWith(tokenUntil(NOW + 3_600_000, "maja|1")));
  const two = await openWith(await cookiesWith(tokenUntil(NOW + 3_600_000, "maja|2")));
  expect(one.session.key).not.toBe(two.session.key);
  expect(one.session.key).not.toMatch(/maja/);
});

test("a token that is good for a while is used as it is", async () => {
  const token = tokenUntil(NOW + 3_600_000);
  const { session } = await openWith(await cookiesWith(token));
  expect(session.token).toBe(token);
  expect(calls).toEqual([]);
});

test("a token about to end is renewed, and the choice to stay signed in stays", async () => {
  const header = await cookiesWith(tokenUntil(NOW + 10_000), false);
  const renewed = tokenUntil(NOW + 3_600_000);
  answer = () => ({ tokens: { token: renewed, refreshToken: "r2" } });
  const { session, cookies } = await openWith(header);
  expect(session.token).toBe(renewed);
  for (const cookie of await cookies.serialize()) expect(cookie).not.toContain("Max-Age");
});

test("requests in parallel that bring the same refresh token share one exchange", async () => {
  const header = await cookiesWith(tokenUntil(NOW + 10_000));
  const renewed = tokenUntil(NOW + 3_600_000);
  answer = () => ({ tokens: { token: renewed, refreshToken: "r2" } });
  const using = createEnvironment();
  const opened = await Promise.all([openWith(header, using), openWith(header, using)]);
  const late = await openWith(header, using);
  expect(calls).toHaveLength(1);
  for (const { session } of [...opened, late]) expect(session.token).toBe(renewed);
});

test("a session that ended elsewhere leaves a visitor without an identity and without cookies", async () => {
  const header = await cookiesWith(tokenUntil(NOW - 1_000));
  answer = () => ({ tokens: null });
  const { session, cookies } = await openWith(header);
  expect(session.token).toBeNull();
  const set = await cookies.serialize();
  expect(set).toHaveLength(2);
  for (const cookie of set) expect(cookie).toContain("Max-Age=0");
});

test("a refresh token that the shop never gave counts as an ended session", async () => {
  const header = await cookiesWith(tokenUntil(NOW - 1_000));
  answer = () => Promise.reject(new ConvexError({ code: "SESSION_ENDED" }));
  const { session, cookies } = await openWith(header);
  expect(session.token).toBeNull();
  expect(await cookies.serialize()).toHaveLength(2);
});

test("a deployment out of reach ends no session", async () => {
  const header = await cookiesWith(tokenUntil(NOW - 1_000));
  answer = () => Promise.reject(new UnavailableError("away"));
  const { session, cookies } = await openWith(header);
  expect(() => session.token).toThrow(UnavailableError);
  expect(await cookies.serialize()).toEqual([]);
});

test("a failed exchange is tried again by the next request", async () => {
  const header = await cookiesWith(tokenUntil(NOW - 1_000));
  const using = createEnvironment();
  answer = () => Promise.reject(new UnavailableError("away"));
  await openWith(header, using);
  const renewed = tokenUntil(NOW + 3_600_000);
  answer = () => ({ tokens: { token: renewed, refreshToken: "r2" } });
  expect((await openWith(header, using)).session.token).toBe(renewed);
});

test("an old token that the deployment refuses does not stand in the way of signing in", async () => {
  const { session } = await openWith(await cookiesWith(tokenUntil(NOW + 3_600_000, "old|1")));
  const token = tokenUntil(NOW + 3_600_000, "new|1");
  answer = (call) =>
    call.token === null
      ? { tokens: { token, refreshToken: "r" } }
      : Promise.reject(new TokenRejectedError("foreign"));
  await session.signIn({ flow: "signIn", email: "a@b.test", password: "x" }, true);
  expect(session.token).toBe(token);
});

test("wrong credentials are the shop's refusal and change nothing", async () => {
  const guest = tokenUntil(NOW + 3_600_000, "guest|1");
  const { session, cookies } = await openWith(await cookiesWith(guest));
  answer = () => Promise.reject(new ConvexError({ code: "INVALID_CREDENTIALS" }));
  const attempt = session.signIn({ flow: "signIn", email: "a@b.test", password: "x" }, true);
  await expect(attempt).rejects.toThrow(ConvexError);
  expect(session.token).toBe(guest);
  expect(await cookies.serialize()).toEqual([]);
});

test("signing out ends the session at the deployment and drops the cookies", async () => {
  const token = tokenUntil(NOW + 3_600_000);
  const { session, cookies } = await openWith(await cookiesWith(token));
  await session.signOut();
  expect(calls[0]?.token).toBe(token);
  expect(session.token).toBeNull();
  for (const cookie of await cookies.serialize()) expect(cookie).toContain("Max-Age=0");
});

test("cookies with nonsense in them are a visitor without an identity", async () => {
  const nonsense = Buffer.from('"nonsense"').toString("base64");
  const { session } = await openWith(`vitrine-token=${nonsense}; vitrine-refresh=${nonsense}`);
  expect(session.token).toBeNull();
  expect(calls).toEqual([]);
});

test("nonsense in place of a token is no fault, even while the deployment is out of reach", async () => {
  const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64");
  const refresh = base64({ refreshToken: "r", keep: true });
  answer = () => Promise.reject(new UnavailableError("away"));
  const header = `vitrine-token=${base64("a.b.c")}; vitrine-refresh=${refresh}`;
  const { session } = await openWith(header);
  expect(() => session.key).not.toThrow();
});
