import type { JWTPayload } from "jose";

import type { Identity } from "../functions/types.ts";

/** OpenID Connect Core 5.1 claims under the names that `UserIdentity` gives them. */
const PROFILE_CLAIMS: ReadonlyMap<string, string> = new Map([
  ["name", "name"],
  ["given_name", "givenName"],
  ["family_name", "familyName"],
  ["nickname", "nickname"],
  ["preferred_username", "preferredUsername"],
  ["profile", "profileUrl"],
  ["picture", "pictureUrl"],
  ["website", "websiteUrl"],
  ["email", "email"],
  ["email_verified", "emailVerified"],
  ["gender", "gender"],
  ["birthdate", "birthday"],
  ["zoneinfo", "timezone"],
  ["locale", "language"],
  ["phone_number", "phoneNumber"],
  ["phone_number_verified", "phoneNumberVerified"],
]);

/** Claims that change with each token would give every refresh a cache entry of its own. */
const OIDC_DROPPED_CLAIMS: ReadonlySet<string> = new Set([
  ...["iss", "sub", "aud", "exp", "iat", "nbf", "jti", "fva"],
  ...["auth_time", "nonce", "acr", "amr", "azp", "at_hash", "c_hash"],
]);
const CUSTOM_DROPPED_CLAIMS: ReadonlySet<string> = new Set([
  ...["iss", "sub", "aud", "exp", "iat", "nbf", "jti", "fva"],
]);

/** The identity in a verified OIDC token: profile claims camel-cased, all others as they are. */
export function oidcIdentity(payload: VerifiedPayload): Identity {
  const attributes = new Map<string, unknown>();
  for (const [claim, value] of Object.entries(payload)) {
    const profileName = PROFILE_CLAIMS.get(claim);
    if (profileName !== undefined) attributes.set(profileName, value);
    else if (claim === "address") attributes.set("address", formattedAddress(value));
    else if (claim === "updated_at") attributes.set("updatedAt", rfc3339(value));
    else if (!OIDC_DROPPED_CLAIMS.has(claim)) attributes.set(claim, value);
  }
  return identity(payload, attributes);
}

/** The identity in a verified custom token: every claim by its own name, nested ones as `a.b`. */
export function customJwtIdentity(payload: VerifiedPayload): Identity {
  const kept = Object.entries(payload).filter(([claim]) => !CUSTOM_DROPPED_CLAIMS.has(claim));
  const attributes = new Map<string, unknown>();
  flatten(Object.fromEntries(kept), "", attributes);
  return identity(payload, attributes);
}

/** An identity that an admin made up to act as someone (`convex run --identity`, impersonation). */
export function impersonatedIdentity(attributes: Readonly<Record<string, unknown>>): Identity {
  const issuer = textOr(attributes["issuer"], "https://convex.test");
  const subject = textOr(attributes["subject"], "impersonated");
  const tokenIdentifier = textOr(attributes["tokenIdentifier"], `${issuer}|${subject}`);
  return {
    tokenIdentifier,
    attributesJson: JSON.stringify({ ...attributes, issuer, subject, tokenIdentifier }),
    expiresAt: null,
  };
}

/** A payload whose signature, issuer and expiry were checked. */
export type VerifiedPayload = JWTPayload & {
  readonly iss: string;
  readonly sub: string;
  readonly exp: number;
};

function identity(payload: VerifiedPayload, attributes: ReadonlyMap<string, unknown>): Identity {
  const { iss: issuer, sub: subject } = payload;
  const tokenIdentifier = `${issuer}|${subject}`;
  const present = [...attributes].filter(([, value]) => value !== null && value !== undefined);
  const all = { ...Object.fromEntries(present), issuer, subject, tokenIdentifier };
  const sorted = Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    tokenIdentifier,
    attributesJson: JSON.stringify(Object.fromEntries(sorted)),
    expiresAt: payload.exp * 1000,
  };
}

function flatten(value: object, prefix: string, into: Map<string, unknown>): void {
  for (const [key, nested] of Object.entries(value) as [string, unknown][]) {
    const name = prefix + key;
    if (typeof nested === "object" && nested !== null && !Array.isArray(nested)) {
      flatten(nested, `${name}.`, into);
    } else {
      into.set(name, nested);
    }
  }
}

function formattedAddress(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("formatted" in value)) return null;
  return value.formatted;
}

function rfc3339(value: unknown): string | null {
  if (typeof value !== "number" || !Number.isFinite(value)) return null;
  const date = new Date(value * 1000);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

function textOr(value: unknown, fallback: string): string {
  return typeof value === "string" && value !== "" ? value : fallback;
}
