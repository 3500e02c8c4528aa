import { ServiceError } from "../lib/service-error.ts";

/** A source of tokens from `auth.config.ts`, with its address brought to canonical form. */
export type AuthProvider =
  | { readonly type: "oidc"; readonly issuer: string; readonly applicationId: string }
  | {
      readonly type: "customJwt";
      readonly issuer: string;
      readonly applicationId: string | null;
      /** An http(s) address, or a `data:` URI holding the key set itself. */
      readonly jwks: string;
      readonly algorithm: "RS256" | "ES256";
    };

/** The claims that choose a provider; not verified yet. */
export interface TokenRouting {
  readonly issuer: string;
  readonly audiences: readonly string[];
}

/**
 * Reads one entry of `providers` in an evaluated `auth.config.ts`.
 * @throws ServiceError `InvalidAuthConfig` naming what is wrong.
 */
export function parseAuthProvider(entry: unknown): AuthProvider {
  if (typeof entry !== "object" || entry === null) {
    throw invalidConfig("each provider must be an object");
  }
  const fields: Record<string, unknown> = { ...entry };
  if (fields["type"] === "customJwt") return parseCustomJwt(fields);
  if (fields["type"] !== undefined && fields["type"] !== "oidc") {
    throw invalidConfig(`unknown provider type ${JSON.stringify(fields["type"])}`);
  }
  return {
    type: "oidc",
    issuer: withProtocol(requireText(fields, "domain")),
    applicationId: requireText(fields, "applicationID"),
  };
}

/** The first provider whose issuer, and audience if it names one, fit the token. */
export function findProvider(
  providers: readonly AuthProvider[],
  { issuer, audiences }: TokenRouting,
): AuthProvider | null {
  const match = providers.find(
    (provider) =>
      isSameIssuer(provider.issuer, issuer) &&
      (provider.applicationId === null || audiences.includes(provider.applicationId)),
  );
  return match ?? null;
}

/** Providers and tokens disagree about a trailing slash and about `https://`; neither matters. */
export function isSameIssuer(left: string, right: string): boolean {
  return canonicalIssuer(left) === canonicalIssuer(right);
}

export function canonicalIssuer(issuer: string): string {
  return withProtocol(issuer).replace(/\/+$/, "");
}

function parseCustomJwt(fields: Readonly<Record<string, unknown>>): AuthProvider {
  const algorithm = fields["algorithm"];
  if (algorithm !== "RS256" && algorithm !== "ES256") {
    throw invalidConfig("`algorithm` of a customJwt provider must be RS256 or ES256");
  }
  const applicationId = fields["applicationID"] ?? null;
  if (applicationId !== null && typeof applicationId !== "string") {
    throw invalidConfig("`applicationID` must be a string");
  }
  const jwks = requireText(fields, "jwks");
  return {
    type: "customJwt",
    issuer: withProtocol(requireText(fields, "issuer")),
    jwks: jwks.startsWith("data:") ? jwks : withProtocol(jwks),
    algorithm,
    applicationId,
  };
}

function requireText(fields: Readonly<Record<string, unknown>>, name: string): string {
  const value = fields[name];
  if (typeof value === "string" && value !== "") return value;
  throw invalidConfig(`\`${name}\` must be a non-empty string`);
}

function withProtocol(address: string): string {
  return /^https?:\/\//.test(address) ? address : `https://${address}`;
}

function invalidConfig(problem: string): ServiceError {
  return new ServiceError("badRequest", "InvalidAuthConfig", `Invalid auth.config: ${problem}.`);
}
