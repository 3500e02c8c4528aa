import { parse } from "convex-helpers/validators";
import { v } from "convex/values";
import { vi } from "vitest";

export const PAYEE = "MERCHANT1";
const PAYPAL = "http://paypal.test";
const RESEND = "http://resend.test";

export type Sent = { method: string; path: string; headers: Headers; body: string };
type Reply = { status: number; body: unknown } | "no answer";
type Script = (request: Sent) => Reply;

/** Answers by "METHOD /path"; a path may end in `*`. What is not scripted answers as usual. */
export type Scripts = Record<string, Script>;

/** Stands where the network would: PayPal and Resend as scripted, with everything sent kept. */
export function scriptNetwork(scripts: Scripts = {}): Sent[] {
  vi.stubEnv("PAYPAL_API_BASE", PAYPAL);
  vi.stubEnv("PAYPAL_CLIENT_ID", "client");
  vi.stubEnv("PAYPAL_CLIENT_SECRET", "secret");
  vi.stubEnv("PAYPAL_WEBHOOK_ID", "WEBHOOK1");
  vi.stubEnv("PAYPAL_MERCHANT_ID", PAYEE);
  vi.stubEnv("RESEND_API_KEY", "re_test");
  vi.stubEnv("RESEND_BASE_URL", RESEND);
  vi.stubEnv("EMAIL_FROM", "Vitrine <shop@example.com>");
  const sent: Sent[] = [];
  const scripted = { ...USUAL, ...scripts };
  vi.stubGlobal("fetch", async (input: string | URL | Request, init?: RequestInit) => {
    const request = new Request(input, init);
    const { pathname: path } = new URL(request.url);
    const { method, headers } = request;
    const entry: Sent = { method, path, headers, body: await request.text() };
    sent.push(entry);
    const reply = findScript(scripted, `${method} ${path}`)(entry);
    if (reply === "no answer") throw new TypeError("fetch failed");
    return Response.json(reply.body, { status: reply.status });
  });
  return sent;
}

export function sentTo(sent: readonly Sent[], path: string): Sent[] {
  return sent.filter((request) => request.path.startsWith(path));
}

export type CaptureBody = {
  paymentId: string;
  orderId?: string;
  captureId?: string;
  status?: string;
  value?: string;
  currency?: string;
  payee?: string | null;
  reason?: string;
};

/** A capture as PayPal describes it inside of an order. */
export function captureResource(capture: CaptureBody) {
  const { paymentId, captureId = "CAP1", status = "COMPLETED", value = "14.90" } = capture;
  return {
    id: captureId,
    status,
    ...(capture.reason === undefined ? {} : { status_details: { reason: capture.reason } }),
    amount: { currency_code: capture.currency ?? "EUR", value },
    custom_id: paymentId,
  };
}

/** An order with its capture. */
export function capturedOrder(capture: CaptureBody) {
  const { orderId = "PP1", payee = PAYEE } = capture;
  return {
    id: orderId,
    status: "COMPLETED",
    purchase_units: [
      {
        custom_id: capture.paymentId,
        ...(payee === null ? {} : { payee: { merchant_id: payee } }),
        payments: { captures: [captureResource(capture)] },
      },
    ],
  };
}

/** PayPal's words for a refusal, as the service sends them. */
export function refusal(issue: string, status = 422): Reply {
  return { status, body: { name: "UNPROCESSABLE_ENTITY", details: [{ issue }] } };
}

export function captureAnswers(over: Partial<CaptureBody>): Scripts {
  return {
    "POST /v2/checkout/orders/*": ({ path, headers }) => {
      const orderId = path.split("/")[4] ?? "";
      const paymentId = headers.get("paypal-request-id")?.split("-")[1] ?? "";
      return { status: 201, body: capturedOrder({ paymentId, orderId, ...over }) };
    },
  };
}

const vOpenRequest = v.object({
  purchase_units: v.array(v.object({ custom_id: v.string() })),
});

const vRefundRequest = v.object({
  amount: v.object({ currency_code: v.string(), value: v.string() }),
  custom_id: v.string(),
});

let opened = 0;
const paymentIdOf = new Map<string, string>();

const USUAL: Scripts = {
  "POST /v1/oauth2/token": () => ({ status: 200, body: { access_token: "token" } }),
  "POST /v2/checkout/orders": ({ body }) => {
    const id = `PP${(opened += 1)}`;
    const request = parse(vOpenRequest, JSON.parse(body));
    paymentIdOf.set(id, request.purchase_units[0]?.custom_id ?? "");
    return { status: 201, body: { id, status: "CREATED" } };
  },
  "POST /v2/checkout/orders/*": ({ path }) => {
    const orderId = path.split("/")[4] ?? "";
    const paymentId = paymentIdOf.get(orderId) ?? "";
    const captureId = `CAP-${orderId}`;
    return { status: 201, body: capturedOrder({ paymentId, orderId, captureId }) };
  },
  "GET /v2/checkout/orders/*": ({ path }) => ({
    status: 200,
    body: { id: path.split("/")[4], status: "APPROVED" },
  }),
  "POST /v2/payments/captures/*": ({ body }) => {
    const { amount, custom_id } = parse(vRefundRequest, JSON.parse(body));
    return {
      status: 201,
      body: { id: `REF-${custom_id}`, status: "COMPLETED", amount, custom_id },
    };
  },
  "POST /v1/notifications/verify-webhook-signature": () => ({
    status: 200,
    body: { verification_status: "SUCCESS" },
  }),
  "POST /emails": () => ({ status: 200, body: { id: "mail" } }),
};

function findScript(scripts: Scripts, call: string): Script {
  const exact = scripts[call];
  if (exact !== undefined) return exact;
  const pattern = Object.keys(scripts).find(
    (key) => key.endsWith("*") && call.startsWith(key.slice(0, -1)),
  );
  const script = pattern === undefined ? undefined : scripts[pattern];
  if (script === undefined) throw new Error(`Nothing is scripted for ${call}`);
  return script;
}
