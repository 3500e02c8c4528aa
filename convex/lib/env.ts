/** The deployment's settings. The only place that reads the environment. */
type Setting =
  | "SITE_URL"
  | "REQUEST_CONTEXT_SECRET"
  | "PAYPAL_API_BASE"
  | "PAYPAL_CLIENT_ID"
  | "PAYPAL_CLIENT_SECRET"
  | "PAYPAL_WEBHOOK_ID"
  | "PAYPAL_MERCHANT_ID"
  | "RESEND_API_KEY"
  | "RESEND_BASE_URL"
  | "EMAIL_FROM";

/** Throws when the deployment lacks the setting: a fault of operation, not of the caller. */
export function requireEnv(name: Setting): string {
  const value = findEnv(name);
  if (value === null) throw new Error(`The deployment lacks the environment variable ${name}`);
  return value;
}

export function findEnv(name: Setting): string | null {
  const value = readEnv(name);
  return value === undefined || value === "" ? null : value;
}

/** Demo data and accounts exist only where this is so. */
export function isDemo(): boolean {
  return readEnv("DEMO") === "1";
}

function readEnv(name: string): string | undefined {
  // eslint-disable-next-line @convex-dev/no-process-env -- the typed `env` of a component is in beta
  return process.env[name];
}
