import { parse } from "convex-helpers/validators";
import type { Infer } from "convex/values";
import { v } from "convex/values";

export type PayPalConfig = {
  /** For example https://api-m.paypal.com, without a slash at the end. */
  readonly apiBase: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly webhookId: string;
  readonly merchantId: string;
};

export type PayPalCall = {
  readonly method: "GET" | "POST";
  readonly path: string;
  /** JSON text, so that a signed body can be passed on unchanged. */
  readonly body?: string;
  /** For calls that change something: a repetition with the same id has no second effect. */
  readonly requestId?: string;
};

export type PayPalAnswer =
  | { readonly kind: "answered"; readonly body: unknown }
  | { readonly kind: "refused"; readonly status: number; readonly issue: string }
  | { readonly kind: "unknown"; readonly reason: string };

const TIMEOUT_MS = 15_000;

// Statuses with which the request may have had its effect, or may have it when repeated:
// 401 and 403 are faults of our configuration, 409 is the same request id still in progress.
const UNDECIDED_STATUSES: readonly number[] = [401, 403, 408, 409, 425, 429];

const vToken = v.object({ access_token: v.string() });

const vIssues = v.array(v.object({ issue: v.string() }));
// Orders v2 documents `issues`; the service has always answered `details`. Both are read.
const vError = v.object({
  name: v.optional(v.string()),
  details: v.optional(vIssues),
  issues: v.optional(vIssues),
});

/** One call with its own access token. Never throws: no answer is an answer here. */
export async function callPayPal(config: PayPalConfig, call: PayPalCall): Promise<PayPalAnswer> {
  const token = await fetchToken(config);
  if (token.kind !== "answered") return token;
  const headers = new Headers({ authorization: `Bearer ${token.accessToken}` });
  if (call.body !== undefined) headers.set("content-type", "application/json");
  if (call.requestId !== undefined) {
    headers.set("paypal-request-id", call.requestId);
    headers.set("prefer", "return=representation");
  }
  const { method, body } = call;
  const init = { method, headers, ...(body === undefined ? {} : { body }) };
  return await send(`${config.apiBase}${call.path}`, init);
}

async function fetchToken(
  config: PayPalConfig,
): Promise<{ kind: "answered"; accessToken: string } | Extract<PayPalAnswer, { kind: "unknown" }>> {
  const credentials = btoa(`${config.clientId}:${config.clientSecret}`);
  const answer = await send(`${config.apiBase}/v1/oauth2/token`, {
    method: "POST",
    headers: {
      authorization: `Basic ${credentials}`,
      "content-type": "application/x-www-form-urlencoded",
    },
    body: "grant_type=client_credentials",
  });
  if (answer.kind === "unknown") return answer;
  if (answer.kind === "refused") return { kind: "unknown", reason: `token: ${answer.issue}` };
  const token = readAs(vToken, answer.body);
  return token === null
    ? { kind: "unknown", reason: "token: unreadable answer" }
    : { kind: "answered", accessToken: token.access_token };
}

/** The value as `validator` describes it, without other fields; null when it differs. */
export function readAs<Shape extends Parameters<typeof parse>[0]>(
  validator: Shape,
  value: unknown,
): Infer<Shape> | null {
  try {
    return parse(validator, value);
  } catch {
    // `parse` throws for nothing else than a value of another shape.
    return null;
  }
}

async function send(url: string, init: RequestInit): Promise<PayPalAnswer> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), TIMEOUT_MS);
  try {
    const response = await fetch(url, { ...init, signal: abort.signal });
    return readAnswer(response.status, await response.text());
  } catch (error) {
    // A network fault or the time-out: whether PayPal acted cannot be known from here.
    return { kind: "unknown", reason: error instanceof Error ? error.message : "no answer" };
  } finally {
    clearTimeout(timer);
  }
}

function readAnswer(status: number, text: string): PayPalAnswer {
  const body = parseJson(text);
  if (status >= 200 && status < 300) {
    return body === undefined
      ? { kind: "unknown", reason: `unreadable answer with status ${status}` }
      : { kind: "answered", body };
  }
  const issue = readIssue(body) ?? `status ${status}`;
  const isUndecided = status >= 500 || UNDECIDED_STATUSES.includes(status);
  return isUndecided ? { kind: "unknown", reason: issue } : { kind: "refused", status, issue };
}

function readIssue(body: unknown): string | null {
  const error = readAs(vError, body);
  if (error === null) return null;
  return (error.details ?? error.issues)?.[0]?.issue ?? error.name ?? null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
