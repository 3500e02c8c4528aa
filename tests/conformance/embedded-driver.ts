/** The embedded backend, started for real and called by the official HTTP client. */
import { ConvexHttpClient } from "convex/browser";
import { makeFunctionReference } from "convex/server";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { vi } from "vitest";

import { fixtureSources, startTestBackend, type TestBackend } from "#embedded/test-backend.ts";

import type { Caller, Driver, DriverKind, TestIdentity } from "./driver.ts";

const HOUR_MS = 3_600_000;
const YEAR_MS = 365 * 24 * HOUR_MS;

type Sign = (identity: TestIdentity) => Promise<string>;

export const embedded: DriverKind = {
  name: "embedded",
  async start() {
    const backend = await startTestBackend();
    const { sign, jwks } = await createSigner(() => Date.now() + backend.clock.offsetMs);
    await backend.setVariables({ TEST_JWKS: jwks });
    await backend.deploy(fixtureSources("conformance"));
    return {
      async fresh() {
        await backend.run("documents:reset");
        return driverOf(backend, sign);
      },
      stop: () => backend.dispose(),
    };
  },
};

function driverOf(backend: TestBackend, sign: Sign): Driver {
  return {
    ...callerOf(backend.url, null),
    as: async (identity) => callerOf(backend.url, await sign(identity)),
    async passTime(ms) {
      backend.clock.offsetMs += ms;
      // A job that is due before all others makes the scheduler look at its clock.
      await backend.run("jobs:runAt", {
        target: "nothing",
        delayMs: -YEAR_MS,
        value: null,
        asDate: false,
      });
      await vi.waitFor(
        async () => {
          const nowMs = Date.now() + backend.clock.offsetMs;
          const open = await backend.run("jobs:unfinished", { nowMs });
          if (open !== 0) throw new Error(`${String(open)} jobs have not ended.`);
        },
        { timeout: 10_000, interval: 5 },
      );
    },
    download: (url) => fetch(url),
    upload: (url, init) => fetch(url, init),
  };
}

function callerOf(url: string, token: string | null): Caller {
  const client = new ConvexHttpClient(url, { logger: false });
  if (token !== null) client.setAuth(token);
  return {
    query: (path, args = {}) => client.query(makeFunctionReference<"query">(path), args),
    mutation: (path, args = {}) => client.mutation(makeFunctionReference<"mutation">(path), args),
    action: (path, args = {}) => client.action(makeFunctionReference<"action">(path), args),
    fetch(path, init = {}) {
      const headers = new Headers(init.headers);
      if (token !== null) headers.set("Authorization", `Bearer ${token}`);
      return fetch(`${url}/http${path}`, { ...init, headers });
    },
  };
}

/** Signs what the fixture's `auth.config.ts` trusts. */
async function createSigner(now: () => number): Promise<{ sign: Sign; jwks: string }> {
  const { publicKey, privateKey } = await generateKeyPair("RS256", { extractable: true });
  const key = { ...(await exportJWK(publicKey)), kid: "test", alg: "RS256", use: "sig" };
  const text = Buffer.from(JSON.stringify({ keys: [key] })).toString("base64");
  return {
    jwks: `data:text/plain;charset=utf-8;base64,${text}`,
    sign: ({ subject, ...claims }) =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: "RS256", kid: "test", typ: "JWT" })
        .setSubject(subject)
        .setIssuer("https://issuer.example")
        .setAudience("conformance")
        .setIssuedAt(new Date(now()))
        .setExpirationTime(new Date(now() + HOUR_MS))
        .sign(privateKey),
  };
}
