import { defineGlobal } from "./global-property.ts";
import type { RealmHost } from "./realm-host.ts";
import { localError, notAllowed, type Operations } from "./web-globals.ts";

const RANDOM_LIMIT_BYTES = 65_536;

const METHODS = [
  "decrypt",
  "deriveBits",
  "deriveKey",
  "digest",
  "encrypt",
  "exportKey",
  "generateKey",
  "importKey",
  "sign",
  "unwrapKey",
  "verify",
  "wrapKey",
] as const;

/** WebCrypto with seeded randomness; what needs real randomness is refused. */
export function installCrypto(
  host: Pick<RealmHost, "fillRandom" | "subtleCrypto">,
  operations: Operations,
): void {
  const subtle = Object.fromEntries(
    METHODS.map((method) => [
      method,
      (...args: unknown[]) => {
        if (needsRandomness(method, args)) {
          return Promise.reject(new Error(notAllowed("cryptographic randomness")));
        }
        return start(host, operations, method, args);
      },
    ]),
  );
  const getRandomValues = <T extends ArrayBufferView>(array: T): T => {
    if (array.byteLength > RANDOM_LIMIT_BYTES) {
      throw new Error("getRandomValues() gives at most 65536 bytes at a time.");
    }
    host.fillRandom(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
    return array;
  };
  defineGlobal("crypto", {
    subtle,
    getRandomValues,
    randomUUID: () => formatUuid(getRandomValues(new Uint8Array(16))),
  });
}

function start(
  host: Pick<RealmHost, "subtleCrypto">,
  operations: Operations,
  method: (typeof METHODS)[number],
  args: readonly unknown[],
): Promise<unknown> {
  try {
    const call = Reflect.get(host.subtleCrypto, method) as (...values: never[]) => Promise<unknown>;
    const result = Reflect.apply(call, host.subtleCrypto, args) as Promise<unknown>;
    return operations.adopt(result).then(localValue);
  } catch (error) {
    return Promise.reject(localError(error));
  }
}

/** Exported JWKs are plain objects of the engine's realm; keys and buffers are shared classes. */
function localValue(value: unknown): unknown {
  const isJwk = typeof value === "object" && value !== null && "kty" in value;
  return isJwk ? { ...value } : value;
}

function needsRandomness(method: (typeof METHODS)[number], args: readonly unknown[]): boolean {
  if (method === "generateKey") return true;
  const name = algorithmName(args[0]);
  if (method === "sign") return name === "ECDSA" || name === "RSA-PSS";
  return (method === "encrypt" || method === "wrapKey") && name === "RSA-OAEP";
}

function algorithmName(algorithm: unknown): string {
  if (typeof algorithm === "string") return algorithm.toUpperCase();
  if (typeof algorithm !== "object" || algorithm === null) return "";
  return String(Reflect.get(algorithm, "name")).toUpperCase();
}

function formatUuid(bytes: Uint8Array): string {
  const hex = Array.from(bytes, (byte, index) => {
    const value = index === 6 ? (byte & 0x0f) | 0x40 : index === 8 ? (byte & 0x3f) | 0x80 : byte;
    return value.toString(16).padStart(2, "0");
  }).join("");
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join("-");
}
