import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from "node:crypto";

const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Makes cursors opaque: they hold index keys, which may hold what a client must not see. The same
 * position always gives the same text, because results are compared as texts.
 */
export class CursorCodec {
  readonly #cipherKey: Buffer;
  readonly #ivKey: Buffer;

  /** The secret has to stay the same for cursors to survive a restart. */
  constructor(secret: Uint8Array) {
    this.#cipherKey = derive(secret, "cursor encryption");
    this.#ivKey = derive(secret, "cursor initialisation vector");
  }

  encode(text: string): string {
    const plain = Buffer.from(text);
    const iv = createHmac("sha256", this.#ivKey).update(plain).digest().subarray(0, IV_BYTES);
    const cipher = createCipheriv("aes-256-gcm", this.#cipherKey, iv);
    const body = Buffer.concat([cipher.update(plain), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), body]).toString("base64url");
  }

  /** `null` for anything that `encode` did not make. */
  decode(token: string): string | null {
    const bytes = Buffer.from(token, "base64url");
    if (bytes.length < IV_BYTES + TAG_BYTES) return null;
    const iv = bytes.subarray(0, IV_BYTES);
    const decipher = createDecipheriv("aes-256-gcm", this.#cipherKey, iv, {
      authTagLength: TAG_BYTES,
    });
    decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
    try {
      const body = decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES));
      return Buffer.concat([body, decipher.final()]).toString("utf8");
    } catch {
      return null;
    }
  }
}

function derive(secret: Uint8Array, purpose: string): Buffer {
  return Buffer.from(hkdfSync("sha256", secret, "", purpose, 32));
}
