import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from "jose";
import { beforeAll, expect, test } from "vitest";

import { requireUnexpired } from "../functions/admission.ts";
import type { ServiceError } from "../lib/service-error.ts";
import { deriveAdminKey, generateInstanceSecret } from "./admin-key.ts";
import { parseAuthProvider, type AuthProvider } from "./auth-provider.ts";
import { createAuthenticator } from "./authenticator.ts";
import { createKeySets } from "./key-sets.ts";

const SITE = "http://site.test/http";
const ADMIN_KEY = deriveAdminKey("notes", generateInstanceSecret());

let keyPair: { privateKey: CryptoKey; publicKey: CryptoKey };
let publicJwk: JWK;

beforeAll(async () => {
  keyPair = await generateKeyPair("RS256", { extractable: true });
  publicJwk = { use: "sig", ...(await exportJWK(keyPair.publicKey)) };
});

function ownSite(options: { issuer?: string; jwks?: JWK[]; now?: () => number } = {}) {
  const requests: string[] = [];
  const jwks = { keys: options.jwks ?? [publicJwk] };
  const keySets = createKeySets({
    fetchOwnSite(address) {
      if (!address.href.startsWith(`${SITE}/`)) return null;
      requests.push(address.href);
      const isDiscovery = address.pathname.endsWith("/openid-configuration");
      const metadata = {
        issuer: options.issuer ?? SITE,
        jwks_uri: `${SITE}/.well-known/jwks.json`,
      };
      return Promise.resolve(Response.json(isDiscovery ? metadata : jwks));
    },
    fetch: () => Promise.reject(new Error("the network is down")),
    ...(options.now ? { now: options.now } : {}),
  });
  const providers: AuthProvider[] = [
    parseAuthProvider({ domain: SITE, applicationID: "convex" }),
    parseAuthProvider({ domain: "elsewhere.test", applicationID: "convex" }),
    parseAuthProvider({
      type: "customJwt",
      issuer: "https://custom.test/",
      jwks: `data:application/json;base64,${Buffer.from(JSON.stringify(jwks)).toString("base64")}`,
      algorithm: "RS256",
    }),
  ];
  const authenticator = createAuthenticator({
    adminKey: ADMIN_KEY,
    providers: () => providers,
    keySets,
    ...(options.now ? { now: options.now } : {}),
  });
  return { authenticator, requests, jwks };
}

interface TokenOptions {
  readonly issuer?: string;
  readonly audience?: string | string[];
  readonly claims?: Record<string, unknown>;
  readonly expiresIn?: number;
  readonly key?: CryptoKey;
}

function token(options: TokenOptions = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT(options.claims ?? {})
    .setProtectedHeader({ alg: "RS256" })
    .setIssuer(options.issuer ?? SITE)
    .setSubject("user1|session1")
    .setAudience(options.audience ?? "convex")
    .setIssuedAt(now)
    .setExpirationTime(now + (options.expiresIn ?? 3600))
    .sign(options.key ?? keyPair.privateKey);
}

async function failure(promise: Promise<unknown>): Promise<ServiceError> {
  return promise.then(
    () => expect.fail("accepted"),
    (error: unknown) => error as ServiceError,
  );
}

test("a token the deployment signed itself is accepted without a key id or the network", async () => {
  const { authenticator, requests } = ownSite();
  const identity = await authenticator.identify(await token());
  expect(identity.tokenIdentifier).toBe(`${SITE}|user1|session1`);
  expect(JSON.parse(identity.attributesJson)).toEqual({
    issuer: SITE,
    subject: "user1|session1",
    tokenIdentifier: `${SITE}|user1|session1`,
  });
  await authenticator.identify(await token());
  expect(requests).toEqual([
    `${SITE}/.well-known/openid-configuration`,
    `${SITE}/.well-known/jwks.json`,
  ]);
});

test("two tokens for one person give the same attributes, so that their queries are shared", async () => {
  const { authenticator } = ownSite();
  const first = await authenticator.identify(
    await token({ claims: { jti: "a", nbf: 1, fva: [1] } }),
  );
  const second = await authenticator.identify(await token({ claims: { jti: "b" } }));
  expect(first.attributesJson).toBe(second.attributesJson);
});

test("profile claims are camel-cased and other claims keep their names", async () => {
  const { authenticator } = ownSite();
  const claims = { given_name: "Ada", email_verified: true, updated_at: 0, role: { level: 3 } };
  const identity = await authenticator.identify(await token({ claims }));
  expect(JSON.parse(identity.attributesJson)).toMatchObject({
    givenName: "Ada",
    emailVerified: true,
    updatedAt: "1970-01-01T00:00:00.000Z",
    role: { level: 3 },
  });
});

test("a custom token's nested claims are flattened and its trailing slash does not matter", async () => {
  const { authenticator } = ownSite();
  const custom = await token({ issuer: "https://custom.test", claims: { org: { plan: "pro" } } });
  const identity = await authenticator.identify(custom);
  expect(JSON.parse(identity.attributesJson)).toMatchObject({ "org.plan": "pro" });
});

test.each([
  [
    "of a stranger's key",
    async () => token({ key: (await generateKeyPair("RS256")).privateKey }),
    "InvalidAuthHeader",
  ],
  ["with an unknown issuer", () => token({ issuer: "https://nobody.test" }), "NoAuthProvider"],
  ["for another audience", () => token({ audience: "other" }), "NoAuthProvider"],
  ["with two audiences", () => token({ audience: ["convex", "b"] }), "Unauthenticated"],
  ["that has expired", () => token({ expiresIn: -1 }), "TokenExpired"],
  ["that is no token", () => Promise.resolve("not.a.token"), "InvalidAuthHeader"],
  [
    "whose provider is down",
    () => token({ issuer: "https://elsewhere.test" }),
    "AuthProviderDiscoveryFailed",
  ],
])("a token %s is refused", async (_, makeToken, code) => {
  const error = await failure(ownSite().authenticator.identify(await makeToken()));
  expect(error).toMatchObject({ kind: "unauthenticated", code });
});

test("an unsigned token is refused", async () => {
  const [, payload] = (await token()).split(".");
  const header = Buffer.from(JSON.stringify({ alg: "none" })).toString("base64url");
  const error = await failure(ownSite().authenticator.identify(`${header}.${payload}.`));
  expect(error.code).toBe("InvalidAuthHeader");
});

test("a token signed with the public key as a shared secret is refused", async () => {
  const secret = new TextEncoder().encode(JSON.stringify(publicJwk));
  const forged = await new SignJWT({ iss: SITE, sub: "x", aud: "convex", exp: 4e9 })
    .setProtectedHeader({ alg: "HS256" })
    .sign(secret);
  expect((await failure(ownSite().authenticator.identify(forged))).code).toBe("InvalidAuthHeader");
});

test("a discovery document of another issuer is refused", async () => {
  const { authenticator } = ownSite({ issuer: "https://evil.test" });
  const error = await failure(authenticator.identify(await token()));
  expect(error.code).toBe("AuthProviderDiscoveryFailed");
});

test("a rotated key is fetched again once the old set is half a minute old", async () => {
  let now = Date.now();
  const { authenticator, jwks } = ownSite({ now: () => now });
  await authenticator.identify(await token());
  const next = await generateKeyPair("RS256", { extractable: true });
  jwks.keys = [{ ...(await exportJWK(next.publicKey)), kid: "next" }];
  const rotated = () =>
    new SignJWT({ iss: SITE, sub: "x", aud: "convex", exp: 4e9 })
      .setProtectedHeader({ alg: "RS256", kid: "next" })
      .sign(next.privateKey);
  now += 31_000;
  expect((await authenticator.identify(await rotated())).tokenIdentifier).toBe(`${SITE}|x`);
});

test("a token without key id is checked against each key of a set in rotation", async () => {
  const other = await generateKeyPair("RS256", { extractable: true });
  const { authenticator } = ownSite({ jwks: [await exportJWK(other.publicKey), publicJwk] });
  expect((await authenticator.identify(await token())).tokenIdentifier).toContain("user1");
  const stranger = await generateKeyPair("RS256");
  const forged = await token({ key: stranger.privateKey });
  expect((await failure(authenticator.identify(forged))).code).toBe("InvalidAuthHeader");
});

test("the Authorization header names a guest, a person, an admin or an admin acting as someone", async () => {
  const { authenticator } = ownSite();
  expect(await authenticator.fromHeader(undefined)).toEqual({ kind: "client", identity: null });
  const person = await authenticator.fromHeader(`Bearer ${await token()}`);
  expect(person).toMatchObject({
    kind: "client",
    identity: { tokenIdentifier: `${SITE}|user1|session1` },
  });
  expect(await authenticator.fromHeader(`Convex ${ADMIN_KEY}`)).toEqual({
    kind: "admin",
    actingAs: null,
  });
  const someone = Buffer.from(JSON.stringify({ subject: "ada", name: "Ada" })).toString("base64");
  const acting = await authenticator.fromHeader(`Convex ${ADMIN_KEY}:${someone}`);
  expect(acting).toMatchObject({
    kind: "admin",
    actingAs: { tokenIdentifier: "https://convex.test|ada" },
  });
});

test.each(["Convex notes|00", "Convex", "Basic YTpi", "Bearer", `Convex ${ADMIN_KEY}:bm8=`])(
  "the header %j is refused",
  async (header) => {
    const error = await failure(ownSite().authenticator.fromHeader(header));
    expect(error.kind).toBe("unauthenticated");
  },
);

test("an identity whose token ran out may not run anything more", async () => {
  const { authenticator } = ownSite();
  const caller = await authenticator.fromHeader(`Bearer ${await token({ expiresIn: 60 })}`);
  expect(() => requireUnexpired(caller, Date.now())).not.toThrow();
  expect(() => requireUnexpired(caller, Date.now() + 61_000)).toThrow(/expired/);
});

test.each([
  [{ applicationID: "x" }, /domain/],
  [{ type: "customJwt", issuer: "a", jwks: "b", algorithm: "HS256" }, /algorithm/],
  [{ type: "saml" }, /unknown provider type/],
  ["nonsense", /object/],
])("the provider %j is refused with a reason", (entry, reason) => {
  expect(() => parseAuthProvider(entry)).toThrow(reason);
});
