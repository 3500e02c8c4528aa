/**
 * Where a request came from, as the web server saw it, in a form that the browser can neither
 * make nor keep:
 *
 *     base64url(JSON {"ip", "userAgent", "exp"}) "." base64url(HMAC-SHA256 of the first part)
 *
 * `exp` is in milliseconds since the epoch. The key is the deployment's REQUEST_CONTEXT_SECRET,
 * as UTF-8. Rate limits count by `ip`.
 */
export type RequestContext = { ip: string; userAgent: string; exp: number };

/** Long enough for a slow form post, too short to be worth passing around. */
export const REQUEST_CONTEXT_TTL_MS = 60_000;

const MAX_TOKEN_LENGTH = 2048;
const MAX_USER_AGENT_LENGTH = 256;

export async function signRequestContext(
  origin: { ip: string; userAgent: string },
  options: { secret: string; now: number },
): Promise<string> {
  const context: RequestContext = {
    ip: origin.ip,
    userAgent: origin.userAgent.slice(0, MAX_USER_AGENT_LENGTH),
    exp: options.now + REQUEST_CONTEXT_TTL_MS,
  };
  const payload = toBase64Url(new TextEncoder().encode(JSON.stringify(context)));
  const key = await importKey(options.secret);
  const signature = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(payload));
  return `${payload}.${toBase64Url(new Uint8Array(signature))}`;
}

/** The context of a valid token, or null: a forged, expired or malformed one says nothing. */
export async function verifyRequestContext(
  token: string,
  options: { secret: string; now: number },
): Promise<RequestContext | null> {
  if (token.length > MAX_TOKEN_LENGTH) return null;
  const [payload, signature, ...rest] = token.split(".");
  if (payload === undefined || signature === undefined || rest.length > 0) return null;
  const signatureBytes = fromBase64Url(signature);
  const payloadBytes = fromBase64Url(payload);
  if (signatureBytes === null || payloadBytes === null) return null;
  const key = await importKey(options.secret);
  const signed = new TextEncoder().encode(payload);
  if (!(await crypto.subtle.verify("HMAC", key, signatureBytes, signed))) return null;
  const context = parseContext(new TextDecoder().decode(payloadBytes));
  return context === null || context.exp < options.now ? null : context;
}

function parseContext(text: string): RequestContext | null {
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null) return null;
  if (!("ip" in value) || !("userAgent" in value) || !("exp" in value)) return null;
  const { ip, userAgent, exp } = value;
  if (typeof ip !== "string" || typeof userAgent !== "string" || typeof exp !== "number") {
    return null;
  }
  return { ip, userAgent, exp };
}

async function importKey(secret: string): Promise<CryptoKey> {
  return await crypto.subtle.importKey(
    "raw",
    new TextEncoder().encode(secret),
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["sign", "verify"],
  );
}

function toBase64Url(bytes: Uint8Array): string {
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> | null {
  if (!/^[A-Za-z0-9_-]+$/.test(text) || text.length % 4 === 1) return null;
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
