import { resolve } from "node:path";

import * as z from "zod";

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Something the person who starts the shop can put right; printed as it is, exit code 1. */
export class StartError extends Error {
  override readonly name = "StartError";
}

export interface ProviderSettings {
  readonly payPalApiBase: string;
  readonly payPalClientId: string;
  readonly payPalClientSecret: string;
  readonly payPalWebhookId: string;
  readonly payPalMerchantId: string;
  readonly resendApiKey: string;
  readonly resendBaseUrl: string;
  readonly emailFrom: string;
}

export interface Settings {
  readonly host: string;
  readonly port: number;
  readonly dataFolder: string;
  /** Demo shop, demo accounts and the stand-ins for PayPal and Resend. */
  readonly isDemo: boolean;
  /** Address people use, without a trailing slash; `null` follows host and port. */
  readonly publicUrl: string | null;
  /** A deployment other than the embedded backend. */
  readonly deployment: { readonly url: string; readonly adminKey: string } | null;
  /** Real providers; `null` in a demo, where the stand-ins answer. */
  readonly providers: ProviderSettings | null;
}

const LOOPBACK_HOSTS = new Set(["127.0.0.1", "localhost", "::1", "[::1]"]);
const EVERY_ADDRESS = new Set(["0.0.0.0", "::"]);

const vFlag = z.enum(["1", "0", "true", "false", "on", "off"], {
  error: "must be 1 or 0",
});

const vEnvironment = z.object({
  PORT: z.coerce
    .number({ error: "must be a port number" })
    .int("must be a port number")
    .min(0, "must be a port number")
    .max(65_535, "must be a port number")
    .default(3000),
  HOST: z.string().min(1).default("127.0.0.1"),
  DATA_DIR: z.string().min(1).default(".data"),
  DEMO: vFlag.optional(),
  PUBLIC_URL: z
    .url({ protocol: /^https?$/, error: "must be an address like https://shop.example" })
    .refine((url) => url.replace(/\/+$/, "") === new URL(url).origin, {
      error: "must be an address without a path, like https://shop.example",
    })
    .optional(),
  CONVEX_SELF_HOSTED_URL: z.url({ error: "must be an address" }).optional(),
  CONVEX_SELF_HOSTED_ADMIN_KEY: z.string().min(1).optional(),
});

const vProviders = z.object({
  PAYPAL_API_BASE: z
    .url({ error: "must be an address" })
    .default("https://api-m.sandbox.paypal.com"),
  PAYPAL_CLIENT_ID: z.string({ error: "is missing" }).min(1, "is empty"),
  PAYPAL_CLIENT_SECRET: z.string({ error: "is missing" }).min(1, "is empty"),
  PAYPAL_WEBHOOK_ID: z.string({ error: "is missing" }).min(1, "is empty"),
  PAYPAL_MERCHANT_ID: z.string({ error: "is missing" }).min(1, "is empty"),
  RESEND_API_KEY: z.string({ error: "is missing" }).min(1, "is empty"),
  RESEND_BASE_URL: z.url({ error: "must be an address" }).default("https://api.resend.com"),
  EMAIL_FROM: z.string({ error: "is missing" }).min(3, "is empty"),
});

/**
 * Reads the settings from environment variables; an empty one counts as not set.
 * @throws StartError naming every setting that is missing or wrong.
 */
export function readSettings(variables: Environment): Settings {
  const environment = Object.fromEntries(
    Object.entries(variables).filter(([, value]) => value !== ""),
  );
  const base = parseOrThrow(vEnvironment, environment);
  const foreign = foreignAddress(base.HOST, base.PUBLIC_URL);
  const isDemo =
    base.DEMO === undefined ? foreign === null : ["1", "true", "on"].includes(base.DEMO);
  if (isDemo && foreign !== null) {
    throw new StartError(
      `The demo runs on this machine only, but ${foreign}. Set HOST=127.0.0.1 and no PUBLIC_URL, or DEMO=0 with real PayPal and Resend settings.`,
    );
  }
  const { CONVEX_SELF_HOSTED_URL: url, CONVEX_SELF_HOSTED_ADMIN_KEY: adminKey } = base;
  if ((url === undefined) !== (adminKey === undefined)) {
    throw new StartError(
      "CONVEX_SELF_HOSTED_URL and CONVEX_SELF_HOSTED_ADMIN_KEY belong together: set both, or neither for the embedded backend.",
    );
  }
  const providers = isDemo ? null : readProviders(environment);
  if (EVERY_ADDRESS.has(base.HOST) && base.PUBLIC_URL === undefined) {
    throw new StartError(
      `HOST is ${base.HOST}, which is every address of this machine. Set PUBLIC_URL to the one that people use, like https://shop.example.`,
    );
  }
  return {
    host: base.HOST,
    port: base.PORT,
    dataFolder: resolve(base.DATA_DIR),
    isDemo,
    publicUrl: base.PUBLIC_URL?.replace(/\/+$/, "") ?? null,
    deployment: url !== undefined && adminKey !== undefined ? { url, adminKey } : null,
    providers,
  };
}

/** Why others than the people at this machine can reach the shop, `null` when they can't. */
function foreignAddress(host: string, publicUrl: string | undefined): string | null {
  if (!LOOPBACK_HOSTS.has(host)) return `HOST is ${host}`;
  if (publicUrl === undefined || LOOPBACK_HOSTS.has(new URL(publicUrl).hostname)) return null;
  return `PUBLIC_URL is ${publicUrl}`;
}

function readProviders(environment: Environment): ProviderSettings {
  const values = parseOrThrow(vProviders, environment);
  return {
    payPalApiBase: values.PAYPAL_API_BASE,
    payPalClientId: values.PAYPAL_CLIENT_ID,
    payPalClientSecret: values.PAYPAL_CLIENT_SECRET,
    payPalWebhookId: values.PAYPAL_WEBHOOK_ID,
    payPalMerchantId: values.PAYPAL_MERCHANT_ID,
    resendApiKey: values.RESEND_API_KEY,
    resendBaseUrl: values.RESEND_BASE_URL,
    emailFrom: values.EMAIL_FROM,
  };
}

function parseOrThrow<Schema extends z.ZodType>(
  schema: Schema,
  environment: Environment,
): z.output<Schema> {
  const result = schema.safeParse(environment);
  if (result.success) return result.data;
  const problems = result.error.issues.map(
    (issue) => `${issue.path.map(String).join(".")} ${issue.message}`,
  );
  throw new StartError(
    `Settings to put right: ${problems.join("; ")}. See "Settings" in README.md.`,
  );
}
