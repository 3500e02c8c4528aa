import { randomBytes, randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import * as z from "zod";

import { writeFileDurably } from "../embedded/storage/durable-files.ts";
import { StartError } from "./settings.ts";

const vSecrets = z.object({
  requestContextSecret: z.string(),
  /** PKCS#8 PEM in one line, as Convex Auth reads it. */
  jwtPrivateKey: z.string(),
  jwks: z.string(),
  payPalClientId: z.string(),
  payPalClientSecret: z.string(),
  payPalWebhookId: z.string(),
  payPalMerchantId: z.string(),
  resendApiKey: z.string(),
  /** One password for all demo accounts of a role. */
  demoPasswords: z.object({ manager: z.string(), agent: z.string(), client: z.string() }),
});

export type Secrets = z.output<typeof vSecrets>;

/**
 * Reads the secrets of this data folder, making them on the first start (file mode 0600).
 * @throws StartError when the file was damaged: new secrets would sign everybody out and orphan payments.
 */
export async function loadSecrets(dataFolder: string): Promise<Secrets> {
  const path = join(dataFolder, "secrets.json");
  const existing = readIfPresent(path);
  if (existing !== null) return parseSecrets(existing, path);
  const secrets = await generateSecrets();
  writeFileDurably(path, JSON.stringify(secrets, null, 2), 0o600);
  return secrets;
}

function parseSecrets(text: string, path: string): Secrets {
  const parsed = vSecrets.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new StartError(
    `${path} is damaged. Restore it from a backup, or move the whole data folder away to begin anew.`,
  );
}

/** `undefined` for what is no JSON, which no schema takes. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

async function generateSecrets(): Promise<Secrets> {
  // Only the first start needs it.
  const { exportJWK, exportPKCS8, generateKeyPair } = await import("jose");
  const keys = await generateKeyPair("RS256", { extractable: true });
  const privateKey = await exportPKCS8(keys.privateKey);
  return {
    requestContextSecret: randomBytes(32).toString("hex"),
    jwtPrivateKey: privateKey.trimEnd().replace(/\n/g, " "),
    jwks: JSON.stringify({ keys: [{ use: "sig", ...(await exportJWK(keys.publicKey)) }] }),
    payPalClientId: `standin-${randomBytes(12).toString("hex")}`,
    payPalClientSecret: randomBytes(24).toString("hex"),
    payPalWebhookId: randomBytes(9).toString("hex").slice(0, 17).toUpperCase(),
    payPalMerchantId: randomPayerId(),
    resendApiKey: `re_${randomBytes(16).toString("hex")}`,
    demoPasswords: {
      manager: randomPassword(),
      agent: randomPassword(),
      client: randomPassword(),
    },
  };
}

/** Three short words and a number: long enough for the password rule, and typed without mistakes. */
function randomPassword(): string {
  const consonants = "bdfgklmnprstvz";
  const vowels = "aeiou";
  const pick = (letters: string) => letters.charAt(randomInt(letters.length));
  const word = () => Array.from({ length: 3 }, () => pick(consonants) + pick(vowels)).join("");
  return `${word()}-${word()}-${String(randomInt(10, 100))}`;
}

/** PayPal's payer and merchant ids: 13 characters of `2-9A-HJ-NP-Z`. */
function randomPayerId(): string {
  const letters = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
  return Array.from({ length: 13 }, () => letters.charAt(randomInt(letters.length))).join("");
}

function readIfPresent(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}
