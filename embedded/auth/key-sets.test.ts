import { expect, test } from "vitest";

import { parseAuthProvider, type AuthProvider } from "./auth-provider.ts";
import { createKeySets } from "./key-sets.ts";

const SITE = "http://site.test/http";
const never = new Promise<Response>(() => undefined);
const custom = (issuer: string, jwks: string): AuthProvider =>
  parseAuthProvider({ type: "customJwt", issuer, jwks, algorithm: "RS256" });

test.each([
  ["the deployment's own site", parseAuthProvider({ domain: SITE, applicationID: "convex" })],
  ["a provider elsewhere", custom("https://slow.test/", "https://slow.test/jwks")],
])("%s that does not answer is given up, and others are not kept waiting", async (_, provider) => {
  const keySets = createKeySets({
    fetchOwnSite: (address) => (address.href.startsWith(SITE) ? never : null),
    fetch: () => never,
    timeoutMs: 50,
  });
  const waiting = keySets.keysFor(provider);
  waiting.catch(() => undefined);
  await keySets.keysFor(custom("https://other.test/", 'data:application/json,{"keys":[]}'));
  await expect(waiting).rejects.toMatchObject({
    kind: "unauthenticated",
    code: "AuthProviderDiscoveryFailed",
    message: expect.stringContaining("no answer in 50 ms") as unknown,
  });
});

test("a provider that fails is asked once a second, however many tokens name it", async () => {
  let asked = 0;
  let nowMs = 0;
  const keySets = createKeySets({
    fetchOwnSite: () => null,
    fetch() {
      asked += 1;
      return Promise.reject(new Error("down"));
    },
    now: () => nowMs,
  });
  const provider = custom("https://down.test/", "https://down.test/jwks");
  for (let token = 0; token < 10; token += 1) {
    await expect(keySets.keysFor(provider)).rejects.toThrow(/down/);
  }
  expect(asked).toBe(1);
  nowMs = 1_000;
  await expect(keySets.keysFor(provider)).rejects.toThrow(/down/);
  expect(asked).toBe(2);
});
