import { isPlainObject, type JsonObject, type JsonValue } from "../../values/json-value.ts";
import { FunctionError } from "../function-error.ts";
import type { SyscallContext, SyscallHandler } from "./syscall-context.ts";

const MIN_SECONDS = 1;
const MAX_SECONDS = 3_600;
const RESERVED_CLAIMS = new Set(["iss", "iat", "exp", "nbf"]);
const RESERVED_PREFIX = /^(?:convex|cvx)/i;

export const mutationAuthSyscalls: Readonly<Record<string, SyscallHandler>> = {
  "1.0/signJwt": signJwt,
};

/** A token that anyone can verify against `<CONVEX_CLOUD_URL>/.well-known/jwks.json`. */
function signJwt({ services, componentPath, nowMs }: SyscallContext, args: JsonObject): string {
  const claims = parseClaims(args["claims"]);
  const lifetime = parseLifetime(args["expiresInSeconds"]);
  const { cloudUrl } = services.deployment;
  const iat = Math.floor(nowMs / 1000);
  const token = services.tokenSigner.sign({
    ...claims,
    iss: componentPath === "" ? cloudUrl : `${cloudUrl}/components/${componentPath}`,
    iat,
    exp: iat + lifetime,
  });
  return JSON.stringify(token);
}

function parseClaims(claims: JsonValue | undefined): JsonObject {
  if (claims === undefined || claims === null) return {};
  if (!isPlainObject(claims)) throw new FunctionError("`claims` of signJwt must be an object.");
  for (const name of Object.keys(claims)) {
    if (RESERVED_CLAIMS.has(name) || RESERVED_PREFIX.test(name)) {
      throw new FunctionError(`The claim ${JSON.stringify(name)} of signJwt is reserved.`);
    }
  }
  return claims;
}

function parseLifetime(seconds: JsonValue | undefined): number {
  if (typeof seconds === "number" && seconds >= MIN_SECONDS && seconds <= MAX_SECONDS) {
    return Math.floor(seconds);
  }
  throw new FunctionError(
    `\`expiresInSeconds\` of signJwt must be between ${MIN_SECONDS} and ${MAX_SECONDS}.`,
  );
}
