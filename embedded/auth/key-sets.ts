import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";

import { ServiceError } from "../lib/service-error.ts";
import { canonicalIssuer, isSameIssuer, type AuthProvider } from "./auth-provider.ts";

/**
 * Answers GET requests to this deployment's own HTTP actions without a network round trip, or `null`
 * when the address is not its own. A deployment that signs its own tokens would otherwise wait for
 * itself while it checks them.
 */
type OwnSiteFetch = (address: URL) => Promise<Response> | null;

export interface KeySetOptions {
  readonly fetchOwnSite: OwnSiteFetch;
  readonly fetch?: typeof fetch;
  readonly now?: () => number;
  /** How long a provider may take to answer, ten seconds by default. */
  readonly timeoutMs?: number;
}

/** Keys of each provider, fetched once and again when old or when a token names an unknown key. */
export interface KeySets {
  keysFor(provider: AuthProvider): Promise<JWTVerifyGetKey>;
  /** Forgets everything, after a deployment changed its own keys or providers. */
  clear(): void;
}

const MAX_AGE_MS = 10 * 60_000;
const REFETCH_AFTER_MS = 30_000;
/** A provider that does not answer is not asked again by every token in between. */
const RETRY_AFTER_MS = 1_000;
const FETCH_TIMEOUT_MS = 10_000;
const MAX_RESPONSE_BYTES = 1024 * 1024;
const JWKS_MEDIA_TYPES = ["application/json", "application/jwk-set+json"];

interface CachedKeySet {
  readonly fetchedAt: number;
  failedAt: number | null;
  readonly keys: Promise<JWTVerifyGetKey>;
}

export function createKeySets(options: KeySetOptions): KeySets {
  const now = options.now ?? Date.now;
  const cache = new Map<string, CachedKeySet>();

  function load(provider: AuthProvider, maxAgeMs: number): Promise<JWTVerifyGetKey> {
    const address = provider.type === "oidc" ? canonicalIssuer(provider.issuer) : provider.jwks;
    const cacheKey = `${provider.type} ${address}`;
    const cached = cache.get(cacheKey);
    if (cached !== undefined && isUsable(cached, maxAgeMs)) return cached.keys;
    const fetched: CachedKeySet = {
      fetchedAt: now(),
      failedAt: null,
      keys: fetchKeySet(provider, options),
    };
    cache.set(cacheKey, fetched);
    fetched.keys.catch(() => (fetched.failedAt = now()));
    return fetched.keys;
  }

  function isUsable({ fetchedAt, failedAt }: CachedKeySet, maxAgeMs: number): boolean {
    return failedAt === null ? now() - fetchedAt < maxAgeMs : now() - failedAt < RETRY_AFTER_MS;
  }

  return {
    async keysFor(provider) {
      const keys = await load(provider, MAX_AGE_MS);
      return async (header, token) => {
        try {
          return await keys(header, token);
        } catch (error) {
          if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
          const fresh = await load(provider, REFETCH_AFTER_MS);
          if (fresh === keys) throw error;
          return await fresh(header, token);
        }
      };
    },
    clear: () => cache.clear(),
  };
}

async function fetchKeySet(
  provider: AuthProvider,
  options: KeySetOptions,
): Promise<JWTVerifyGetKey> {
  const keySetAddress =
    provider.type === "oidc" ? await discover(provider, options) : provider.jwks;
  const document = keySetAddress.startsWith("data:")
    ? decodeDataUri(keySetAddress)
    : await fetchJson(keySetAddress, options, provider.type === "customJwt");
  return localKeySet(document, keySetAddress);
}

/** OpenID Connect Discovery 1.0, section 4. */
async function discover(
  provider: AuthProvider & { type: "oidc" },
  options: KeySetOptions,
): Promise<string> {
  const address = `${canonicalIssuer(provider.issuer)}/.well-known/openid-configuration`;
  const metadata = await fetchJson(address, options, false);
  if (typeof metadata !== "object" || metadata === null)
    throw discoveryFailed(address, "no object");
  const { issuer, jwks_uri: keySetAddress }: Record<string, unknown> = { ...metadata };
  if (typeof issuer !== "string" || !isSameIssuer(issuer, provider.issuer)) {
    throw discoveryFailed(address, "its issuer is a different one");
  }
  if (typeof keySetAddress !== "string") throw discoveryFailed(address, "it has no jwks_uri");
  return keySetAddress;
}

async function fetchJson(
  address: string,
  options: KeySetOptions,
  requiresJsonType: boolean,
): Promise<unknown> {
  const timeoutMs = options.timeoutMs ?? FETCH_TIMEOUT_MS;
  const signal = AbortSignal.timeout(timeoutMs);
  // The deployment's own site is no network: the signal alone would not end what it waits for.
  const timeout = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(new Error(`no answer in ${timeoutMs} ms`)));
  });
  try {
    return await Promise.race([readJson(address, options, requiresJsonType, signal), timeout]);
  } catch (error) {
    if (error instanceof ServiceError) throw error;
    throw discoveryFailed(address, error instanceof Error ? error.message : String(error));
  }
}

async function readJson(
  address: string,
  options: KeySetOptions,
  requiresJsonType: boolean,
  signal: AbortSignal,
): Promise<unknown> {
  const url = new URL(address);
  const response = await (options.fetchOwnSite(url) ?? (options.fetch ?? fetch)(url, { signal }));
  if (!response.ok) throw discoveryFailed(address, `HTTP ${response.status}`);
  const mediaType = (response.headers.get("content-type") ?? "").split(";")[0]?.trim() ?? "";
  if (requiresJsonType && !JWKS_MEDIA_TYPES.includes(mediaType.toLowerCase())) {
    throw discoveryFailed(address, `its content type is '${mediaType}'`);
  }
  return JSON.parse(await readBounded(response)) as unknown;
}

async function readBounded(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) {
    size += part.value.byteLength;
    if (size > MAX_RESPONSE_BYTES) {
      await reader?.cancel();
      throw new Error("the answer is too large");
    }
    chunks.push(part.value);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function decodeDataUri(uri: string): unknown {
  try {
    const comma = uri.indexOf(",");
    const body = decodeURIComponent(uri.slice(comma + 1));
    const isBase64 = uri.slice(0, comma).endsWith(";base64");
    return JSON.parse(isBase64 ? Buffer.from(body, "base64").toString("utf8") : body) as unknown;
  } catch (cause) {
    throw new ServiceError(
      "unauthenticated",
      "InvalidAuthHeader",
      "Invalid JWKS data URL. It must hold a JSON key set, plain or as base64.",
      { cause },
    );
  }
}

function localKeySet(document: unknown, address: string): JWTVerifyGetKey {
  if (!isKeySet(document)) throw discoveryFailed(address, "it is not a JSON Web Key Set");
  return createLocalJWKSet(document);
}

function isKeySet(document: unknown): document is JSONWebKeySet {
  return (
    typeof document === "object" &&
    document !== null &&
    "keys" in document &&
    Array.isArray(document.keys) &&
    document.keys.every((key) => typeof key === "object" && key !== null)
  );
}

function discoveryFailed(address: string, problem: string): ServiceError {
  const shown = address.startsWith("data:") ? "the data URL" : address;
  return new ServiceError(
    "unauthenticated",
    "AuthProviderDiscoveryFailed",
    `Auth provider discovery of ${shown} failed: ${problem}.`,
  );
}
