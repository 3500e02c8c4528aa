import {
  decodeJwt,
  errors,
  jwtVerify,
  type JWTPayload,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
} from "jose";

import type { Caller, Identity } from "../functions/types.ts";
import { ServiceError } from "../lib/service-error.ts";
import { isSameKey } from "./admin-key.ts";
import { findProvider, isSameIssuer, type AuthProvider } from "./auth-provider.ts";
import {
  customJwtIdentity,
  impersonatedIdentity,
  oidcIdentity,
  type VerifiedPayload,
} from "./identity-claims.ts";
import type { KeySets } from "./key-sets.ts";

/** Decides who is calling, from an admin key or from a token of one of the deployment's providers. */
export interface Authenticator {
  /**
   * @throws ServiceError of kind `unauthenticated` (`InvalidAuthHeader`, `NoAuthProvider`,
   *   `TokenExpired`, `AuthProviderDiscoveryFailed`).
   */
  identify(token: string): Promise<Identity>;
  /** @throws ServiceError `BadAdminKey` unless the key is this deployment's. */
  admin(adminKey: string, actingAs: Readonly<Record<string, unknown>> | null): Caller;
  /**
   * Reads an `Authorization` header: absent, `Bearer <token>`, or
   * `Convex <admin key>[:<base64 JSON of the identity to act as>]`.
   */
  fromHeader(header: string | undefined): Promise<Caller>;
}

export interface AuthenticatorOptions {
  readonly adminKey: string;
  readonly providers: () => readonly AuthProvider[];
  readonly keySets: KeySets;
  /** Milliseconds of Unix time. */
  readonly now?: () => number;
}

const CUSTOM_JWT_LEEWAY_SECONDS = 5;

export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const authenticator: Authenticator = {
    identify: (token) => identify(token, options),
    admin(adminKey, actingAs) {
      if (!isSameKey(adminKey, options.adminKey)) {
        throw unauthenticated(
          "BadAdminKey",
          "The provided admin key was invalid for this instance",
        );
      }
      return { kind: "admin", actingAs: actingAs === null ? null : impersonatedIdentity(actingAs) };
    },
    async fromHeader(header) {
      if (header === undefined || header === "") return { kind: "client", identity: null };
      const [, scheme = "", credentials = ""] = /^(\S+)\s+(.*)$/.exec(header.trim()) ?? [];
      if (scheme.toLowerCase() === "bearer") {
        return { kind: "client", identity: await authenticator.identify(credentials) };
      }
      if (scheme.toLowerCase() === "convex") return adminFromHeader(credentials, authenticator);
      throw unauthenticated(
        "InvalidAuthHeader",
        "The Authorization header must begin with `Bearer ` or `Convex `.",
      );
    },
  };
  return authenticator;
}

async function identify(token: string, options: AuthenticatorOptions): Promise<Identity> {
  const claims = decodeUnverified(token);
  if (typeof claims.iss !== "string") {
    throw unauthenticated("InvalidAuthHeader", "The token has no issuer claim ('iss').");
  }
  const audiences = audiencesOf(claims);
  const provider = findProvider(options.providers(), { issuer: claims.iss, audiences });
  if (provider === null) {
    throw unauthenticated(
      "NoAuthProvider",
      "No auth provider found matching the given token: its issuer and audience must be those of " +
        "a provider in auth.config.",
    );
  }
  const payload = await verify(token, provider, options);
  const identity = provider.type === "oidc" ? oidcIdentity(payload) : customJwtIdentity(payload);
  return { ...identity, token };
}

async function verify(
  token: string,
  provider: AuthProvider,
  options: AuthenticatorOptions,
): Promise<VerifiedPayload> {
  const keys = await options.keySets.keysFor(provider);
  const currentDate = new Date((options.now ?? Date.now)());
  const isOidc = provider.type === "oidc";
  const payload = await verifySignature(token, keys, {
    algorithms: isOidc ? ["RS256", "EdDSA"] : [provider.algorithm],
    ...(provider.applicationId === null ? {} : { audience: provider.applicationId }),
    clockTolerance: isOidc ? 0 : CUSTOM_JWT_LEEWAY_SECONDS,
    requiredClaims: ["iss", "sub", "exp"],
    currentDate,
  });
  if (isOidc && audiencesOf(payload).length > 1) {
    throw unauthenticated(
      "Unauthenticated",
      "Tokens with more than one audience are not accepted.",
    );
  }
  return requireClaims(payload, provider);
}

/** A token without `kid` may fit several keys of a set that is being rotated: any of them will do. */
async function verifySignature(
  token: string,
  keys: JWTVerifyGetKey,
  options: JWTVerifyOptions,
): Promise<JWTPayload> {
  try {
    return (await jwtVerify(token, keys, options)).payload;
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw verificationError(error);
    for await (const key of error) {
      try {
        return (await jwtVerify(token, key, options)).payload;
      } catch (cause) {
        if (!(cause instanceof errors.JWSSignatureVerificationFailed))
          throw verificationError(cause);
      }
    }
    throw verificationError(new errors.JWSSignatureVerificationFailed());
  }
}

function requireClaims(payload: JWTPayload, provider: AuthProvider): VerifiedPayload {
  const { iss, sub, exp } = payload;
  if (typeof iss !== "string" || typeof sub !== "string" || typeof exp !== "number") {
    throw unauthenticated("InvalidAuthHeader", "The token must carry 'iss', 'sub' and 'exp'.");
  }
  if (!isSameIssuer(iss, provider.issuer)) {
    throw unauthenticated("InvalidAuthHeader", "The token comes from a different issuer.");
  }
  return { ...payload, iss, sub, exp };
}

function verificationError(cause: unknown): unknown {
  if (cause instanceof errors.JWTExpired) {
    return unauthenticated("TokenExpired", "The token has expired.", cause);
  }
  if (!(cause instanceof errors.JOSEError || cause instanceof TypeError)) return cause;
  return unauthenticated(
    "InvalidAuthHeader",
    `Could not verify the token: ${cause.message}. Check its signature, claims and audience.`,
    cause,
  );
}

function decodeUnverified(token: string): JWTPayload {
  try {
    return decodeJwt(token);
  } catch (cause) {
    throw unauthenticated(
      "InvalidAuthHeader",
      "Could not parse JWT payload. Check that the token is a valid JWT format with three " +
        "base64-encoded parts separated by dots.",
      cause,
    );
  }
}

function audiencesOf({ aud }: JWTPayload): readonly string[] {
  if (aud === undefined) return [];
  return typeof aud === "string" ? [aud] : aud;
}

function adminFromHeader(credentials: string, authenticator: Authenticator): Caller {
  const colon = credentials.indexOf(":");
  if (colon === -1) return authenticator.admin(credentials, null);
  const actingAs = parseActingAs(credentials.slice(colon + 1));
  return authenticator.admin(credentials.slice(0, colon), actingAs);
}

function parseActingAs(encoded: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(encoded, "base64").toString("utf8"));
    if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) {
      return { ...parsed };
    }
  } catch {
    // Falls through to the one error for everything unusable.
  }
  throw unauthenticated("InvalidAuthHeader", "The identity to act as must be base64 of JSON.");
}

function unauthenticated(code: string, message: string, cause?: unknown): ServiceError {
  return new ServiceError("unauthenticated", code, message, { cause });
}
