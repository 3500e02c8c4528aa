import { createHash, createHmac, hkdfSync, randomBytes, timingSafeEqual } from "node:crypto";

/** 32 random bytes as hex: the root from which a deployment's keys are derived. */
export function generateInstanceSecret(): string {
  return randomBytes(32).toString("hex");
}

/**
 * The admin key of a deployment, `<instance name>|<hex>`, the form the official command line takes
 * in `CONVEX_SELF_HOSTED_ADMIN_KEY`. The same name and secret always give the same key.
 */
export function deriveAdminKey(instanceName: string, instanceSecret: string): string {
  const mac = createHmac("sha256", deriveKey(instanceSecret, "admin key"));
  return `${instanceName}|${mac.update(instanceName).digest("hex")}`;
}

/** A key for one purpose, so that no two uses of the instance secret share key material. */
export function deriveKey(instanceSecret: string, purpose: string): Buffer {
  const secret = Buffer.from(instanceSecret, "hex");
  return Buffer.from(
    hkdfSync("sha256", secret, Buffer.alloc(0), `convex deployment: ${purpose}`, 32),
  );
}

/** Compares in a time that depends on neither key. */
export function isSameKey(given: string, expected: string): boolean {
  return timingSafeEqual(digest(given), digest(expected));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
