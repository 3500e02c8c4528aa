/**
 * Passwords are kept as `pbkdf2-sha256$iterations$salt$hash` (salt and hash in base64). WebCrypto
 * does the work, so that it does not run on the thread that serves everybody.
 * https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#pbkdf2
 */
const SCHEME = "pbkdf2-sha256";
const ITERATIONS = 600_000;
const SALT_BYTES = 16;
const HASH_BITS = 256;

/**
 * Verified when there is no account, so that the answer takes as long as for a wrong password.
 * Nothing hashes to it.
 */
export const UNMATCHED_HASH = `${SCHEME}$${ITERATIONS}$${btoa("\0".repeat(SALT_BYTES))}$${btoa(
  "\0".repeat(HASH_BITS / 8),
)}`;

/** To be called in an action: it takes a good part of a second. */
export async function hashPassword(password: string): Promise<string> {
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
  const hash = await derive(password, salt, ITERATIONS);
  return [SCHEME, ITERATIONS, toBase64(salt), toBase64(hash)].join("$");
}

export async function verifyPassword(password: string, stored: string): Promise<boolean> {
  const [scheme, iterations, salt, hash] = stored.split("$");
  if (scheme !== SCHEME || iterations === undefined || salt === undefined || hash === undefined) {
    return false;
  }
  return isSame(fromBase64(hash), await derive(password, fromBase64(salt), Number(iterations)));
}

async function derive(
  password: string,
  salt: Uint8Array<ArrayBuffer>,
  iterations: number,
): Promise<Uint8Array> {
  // Two keyboards may compose the same letter differently.
  const secret = new TextEncoder().encode(password.normalize("NFKC"));
  const key = await crypto.subtle.importKey("raw", secret, "PBKDF2", false, ["deriveBits"]);
  const algorithm = { name: "PBKDF2", hash: "SHA-256", salt, iterations };
  return new Uint8Array(await crypto.subtle.deriveBits(algorithm, key, HASH_BITS));
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  a.forEach((byte, index) => {
    difference |= byte ^ (b[index] ?? 0);
  });
  return difference === 0;
}

function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
