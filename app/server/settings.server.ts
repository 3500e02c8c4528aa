import * as z from "zod";

const origin = z.url({ protocol: /^https?$/ }).transform((address) => new URL(address).origin);

const vArguments = z.array(z.string());

const schema = z.object({
  NODE_ENV: z.enum(["development", "production", "test"]).default("production"),
  HOST: z.string().min(1).default("127.0.0.1"),
  PORT: z.coerce.number().int().min(0).max(65_535).default(3000),
  PUBLIC_URL: origin.optional(),
  CONVEX_URL: origin,
  REQUEST_CONTEXT_SECRET: z.string().min(32),
  DATA_DIR: z.string().min(1).default(".data"),
  PAYPAL_CLIENT_ID: z.string().min(1).optional(),
  PAYPAL_ENVIRONMENT: z.enum(["sandbox", "production"]).default("sandbox"),
  PAYPAL_SDK_URL: z.url({ protocol: /^https?$/ }).optional(),
  DEMO: z.enum(["0", "1"]).default("0"),
  TRUST_PROXY: z.coerce.number().int().min(0).default(0),
  BACKEND_ENTRY: z.string().min(1).optional(),
  BACKEND_ARGS: z
    .string()
    .default("[]")
    .transform((text, context) => {
      const args = vArguments.safeParse(parseJson(text));
      if (args.success) return args.data;
      context.addIssue({ code: "custom", message: "it has to be a JSON array of texts" });
      return z.NEVER;
    }),
});

/** The web server's settings. Addresses are origins without a trailing slash. */
export type Settings = {
  readonly mode: "development" | "production" | "test";
  readonly host: string;
  readonly port: number;
  /** The one address at which people and clients reach the shop. */
  readonly publicUrl: string;
  /** Where the deployment answers to this process. */
  readonly convexUrl: string;
  /** Shared with the deployment: signs what is said there about a visitor's connection. */
  readonly requestContextSecret: string;
  readonly dataDir: string;
  readonly paypal: PayPalSettings | null;
  readonly isDemo: boolean;
  /** How many proxies in front may be believed about the visitor's address. */
  readonly trustedProxies: number;
  /** The module of an embedded backend that this process starts and hands its sockets to. */
  readonly backend: { readonly entry: string; readonly args: readonly string[] } | null;
};

export type PayPalSettings = {
  readonly clientId: string;
  readonly environment: "sandbox" | "production";
  /** A stand-in's script, to be on the page before PayPal's loader runs; null: the loader fetches PayPal's. */
  readonly sdkUrl: string | null;
};

export type SettingsResult =
  | { readonly ok: true; readonly settings: Settings }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Reads the settings; what is missing or unusable comes back as one sentence per variable. */
export function readSettings(env: Record<string, string | undefined>): SettingsResult {
  const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const parsed = schema.safeParse(present);
  if (!parsed.success) {
    return {
      ok: false,
      problems: parsed.error.issues.map((issue) => describe(issue, present)),
    };
  }
  const value = parsed.data;
  return {
    ok: true,
    settings: {
      mode: value.NODE_ENV,
      host: value.HOST,
      port: value.PORT,
      publicUrl: value.PUBLIC_URL ?? `http://${hostInUrl(value.HOST)}:${value.PORT}`,
      convexUrl: value.CONVEX_URL,
      requestContextSecret: value.REQUEST_CONTEXT_SECRET,
      dataDir: value.DATA_DIR,
      paypal:
        value.PAYPAL_CLIENT_ID === undefined
          ? null
          : {
              clientId: value.PAYPAL_CLIENT_ID,
              environment: value.PAYPAL_ENVIRONMENT,
              sdkUrl: value.PAYPAL_SDK_URL ?? null,
            },
      isDemo: value.DEMO === "1",
      trustedProxies: value.TRUST_PROXY,
      backend:
        value.BACKEND_ENTRY === undefined
          ? null
          : { entry: value.BACKEND_ENTRY, args: value.BACKEND_ARGS },
    },
  };
}

function describe(issue: z.core.$ZodIssue, env: Record<string, string | undefined>): string {
  const name = issue.path.join(".");
  return env[name] === undefined
    ? `${name} is missing.`
    : `${name} is not usable: ${issue.message}.`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function hostInUrl(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "localhost";
  return host.includes(":") ? `[${host}]` : host;
}
