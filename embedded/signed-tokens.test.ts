import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";

import { startTestBackend, type TestBackend } from "./test-backend.ts";

const AUTH_CONFIG = `
  const { CONVEX_CLOUD_URL } = process.env;
  export default { providers: [{
    type: "customJwt",
    issuer: CONVEX_CLOUD_URL,
    jwks: CONVEX_CLOUD_URL + "/.well-known/jwks.json",
    algorithm: "ES256",
  }] };
`;

const SOURCES = {
  "auth.config": AUTH_CONFIG,
  tokens: `
    import { mutationGeneric as mutation, queryGeneric as query } from "convex/server";
    export const sign = mutation(async (ctx, options) => await ctx.auth.signJwt(options));
    export const whoami = query(async (ctx) => (await ctx.auth.getUserIdentity())?.subject ?? null);
    export const inQuery = query(async (ctx) => typeof ctx.auth.signJwt);
  `,
};

let backend: TestBackend;
beforeAll(async () => {
  backend = await startTestBackend();
  await backend.deploy(SOURCES);
}, 60_000);
afterAll(() => backend.dispose());

const sign = (options: object) => backend.run("tokens:sign", options) as Promise<string>;

test("a signed token is verified by the keys that the deployment publishes", async () => {
  const token = await sign({ claims: { sub: "user 1", roles: ["a"] }, expiresInSeconds: 60 });
  const keys = createRemoteJWKSet(new URL(`${backend.url}/.well-known/jwks.json`));
  const { payload } = await jwtVerify(token, keys, { issuer: backend.url, algorithms: ["ES256"] });
  expect(payload).toMatchObject({ sub: "user 1", roles: ["a"], iss: backend.url });
  expect(payload.exp! - payload.iat!).toBe(60);
  expect(Math.abs(payload.iat! - Date.now() / 1000)).toBeLessThan(60);
  expect(decodeProtectedHeader(token)).toMatchObject({ alg: "ES256", typ: "JWT" });
});

test("the deployment's own tokens can sign its users in", async () => {
  const token = await sign({ claims: { sub: "user 2" }, expiresInSeconds: 60 });
  const answer = await backend.post(
    "/api/query",
    { path: "tokens:whoami", args: [{}], format: "json" },
    { Authorization: `Bearer ${token}` },
  );
  expect(answer.body).toMatchObject({ status: "success", value: "user 2" });
});

test("the published key is public and the same after a restart", async () => {
  const read = async (url: string) =>
    (await (await fetch(`${url}/.well-known/jwks.json`)).json()) as object;
  const before = await read(backend.url);
  expect(before).toEqual({
    keys: [
      {
        kty: "EC",
        crv: "P-256",
        x: expect.any(String) as string,
        y: expect.any(String) as string,
        kid: expect.any(String) as string,
        use: "sig",
        alg: "ES256",
      },
    ],
  });
  backend = await backend.restart();
  expect(await read(backend.url)).toEqual(before);
});

test.for<[string, object, string]>([
  ["the issuer", { claims: { iss: "x" }, expiresInSeconds: 60 }, 'The claim "iss"'],
  ["when it becomes valid", { claims: { nbf: 1 }, expiresInSeconds: 60 }, 'The claim "nbf"'],
  ["claims of Convex's own", { claims: { CvX_role: 1 }, expiresInSeconds: 60 }, "is reserved"],
  ["a lifetime of more than an hour", { expiresInSeconds: 3_601 }, "between 1 and 3600"],
  ["a lifetime of nothing", { expiresInSeconds: 0.5 }, "between 1 and 3600"],
  ["no lifetime", {}, "between 1 and 3600"],
])("a function cannot choose %s", async ([, options, message]) => {
  await expect(sign(options)).rejects.toThrow(message);
});

test("queries sign nothing", async () => {
  await expect(backend.run("tokens:inQuery")).resolves.toBe("undefined");
});
