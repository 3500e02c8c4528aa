import { v } from "convex/values";

import type { Address } from "../../domain/address.ts";
import type { PaymentFact } from "../../domain/payment.ts";
import type { PayPalAnswer, PayPalConfig } from "./paypalApi.ts";
import { callPayPal, readAs } from "./paypalApi.ts";
import { factsOfOrder, factsOfRefund, orderIdOf } from "./paypalFacts.ts";
import { toPayPalMoney } from "./paypalMoney.ts";
import type {
  OnlinePayments,
  Opened,
  PaymentRequest,
  RefundRequest,
  Told,
  WebhookRequest,
  WebhookVerdict,
} from "./port.ts";

const MAX_NAME_LENGTH = 127;

// With these the buyer picks another source of money for the same order.
const RETRYABLE_DECLINES: readonly string[] = [
  "INSTRUMENT_DECLINED",
  "PAYER_CANNOT_PAY",
  "REDIRECT_PAYER_FOR_ALTERNATE_FUNDING",
];
const NOT_YET_APPROVED: readonly string[] = ["ORDER_NOT_APPROVED", "PAYER_ACTION_REQUIRED"];

const VERIFICATION_HEADERS = {
  auth_algo: "paypal-auth-algo",
  cert_url: "paypal-cert-url",
  transmission_id: "paypal-transmission-id",
  transmission_sig: "paypal-transmission-sig",
  transmission_time: "paypal-transmission-time",
} as const;

const vVerification = v.object({ verification_status: v.string() });

/** PayPal's Orders v2, Payments v2 and Webhooks v1 over plain fetch. */
export function createPayPal(config: PayPalConfig): OnlinePayments {
  return {
    payeeId: config.merchantId,
    open: (request) => openOrder(config, request),
    capture: (payment) => captureOrder(config, payment),
    read: (payment) => readOrder(config, payment),
    refund: (request) => refundCapture(config, request),
    verifyWebhook: (request) => verifyWebhook(config, request),
  };
}

async function openOrder(config: PayPalConfig, request: PaymentRequest): Promise<Opened> {
  const answer = await callPayPal(config, {
    method: "POST",
    path: "/v2/checkout/orders",
    requestId: request.requestId,
    body: JSON.stringify(orderBody(request)),
  });
  if (answer.kind === "refused") return { kind: "refused", reason: answer.issue };
  if (answer.kind === "unknown") return answer;
  const providerOrderId = orderIdOf(answer.body);
  return providerOrderId === null ? unreadable() : { kind: "opened", providerOrderId };
}

async function captureOrder(
  config: PayPalConfig,
  { providerOrderId, requestId }: { providerOrderId: string; requestId: string },
): Promise<Told> {
  const answer = await callPayPal(config, {
    method: "POST",
    path: `/v2/checkout/orders/${encodeURIComponent(providerOrderId)}/capture`,
    requestId,
    body: "{}",
  });
  if (answer.kind === "unknown") return answer;
  if (answer.kind === "answered") return told(factsOfOrder(answer.body, "capture"));
  if (answer.issue === "ORDER_ALREADY_CAPTURED") {
    return await readOrder(config, { providerOrderId, source: "capture" });
  }
  return { kind: "told", facts: factsOfRefusedCapture(providerOrderId, answer) };
}

async function readOrder(
  config: PayPalConfig,
  { providerOrderId, source }: { providerOrderId: string; source: PaymentFact["source"] },
): Promise<Told> {
  const answer = await callPayPal(config, {
    method: "GET",
    path: `/v2/checkout/orders/${encodeURIComponent(providerOrderId)}`,
  });
  if (answer.kind === "unknown") return answer;
  if (answer.kind === "answered") return told(factsOfOrder(answer.body, source));
  // PayPal forgets orders that nobody approved.
  return answer.status === 404
    ? { kind: "told", facts: [orderFact(providerOrderId, source, "voided")] }
    : { kind: "refused", reason: answer.issue };
}

async function refundCapture(config: PayPalConfig, request: RefundRequest): Promise<Told> {
  const answer = await callPayPal(config, {
    method: "POST",
    path: `/v2/payments/captures/${encodeURIComponent(request.captureId)}/refund`,
    requestId: request.requestId,
    body: JSON.stringify({ amount: toPayPalMoney(request.amount), custom_id: request.refundId }),
  });
  if (answer.kind === "unknown") return answer;
  if (answer.kind === "refused") return { kind: "refused", reason: answer.issue };
  return told(factsOfRefund(answer.body, request.captureId));
}

// The event is passed on as it was signed: PayPal computes a checksum of these very bytes.
async function verifyWebhook(
  config: PayPalConfig,
  { headers, body }: WebhookRequest,
): Promise<WebhookVerdict> {
  const fields: Record<string, string> = { webhook_id: config.webhookId };
  for (const [field, header] of Object.entries(VERIFICATION_HEADERS)) {
    const value = headers.get(header);
    if (value === null || value === "") return "forged";
    fields[field] = value;
  }
  const answer = await callPayPal(config, {
    method: "POST",
    path: "/v1/notifications/verify-webhook-signature",
    body: `${JSON.stringify(fields).slice(0, -1)},"webhook_event":${body}}`,
  });
  if (answer.kind === "unknown") return "unknown";
  if (answer.kind === "refused") return "forged";
  const verdict = readAs(vVerification, answer.body)?.verification_status;
  return verdict === "SUCCESS" ? "genuine" : "forged";
}

function orderBody(request: PaymentRequest): object {
  const breakdown = {
    item_total: toPayPalMoney(request.subtotal),
    shipping: toPayPalMoney(request.delivery),
    ...(request.discount.amount === 0 ? {} : { discount: toPayPalMoney(request.discount) }),
  };
  return {
    intent: "CAPTURE",
    purchase_units: [
      {
        reference_id: "default",
        custom_id: request.paymentId,
        invoice_id: request.invoiceId,
        amount: { ...toPayPalMoney(request.total), breakdown },
        items: request.items.map((item) => ({
          name: item.name.slice(0, MAX_NAME_LENGTH),
          sku: item.sku.slice(0, MAX_NAME_LENGTH),
          quantity: String(item.quantity),
          unit_amount: toPayPalMoney(item.unitPrice),
          category: "PHYSICAL_GOODS",
        })),
        shipping: {
          name: { full_name: request.address.name },
          address: postalAddress(request.address),
        },
      },
    ],
    payment_source: {
      paypal: {
        experience_context: {
          brand_name: request.shopName.slice(0, MAX_NAME_LENGTH),
          shipping_preference: "SET_PROVIDED_ADDRESS",
          user_action: "PAY_NOW",
        },
      },
    },
  };
}

function postalAddress(address: Address): object {
  return {
    address_line_1: address.line1,
    ...(address.line2 === null ? {} : { address_line_2: address.line2 }),
    admin_area_2: address.city,
    ...(address.region === null ? {} : { admin_area_1: address.region }),
    postal_code: address.postalCode,
    country_code: address.country,
  };
}

function factsOfRefusedCapture(
  providerOrderId: string,
  { issue }: Extract<PayPalAnswer, { kind: "refused" }>,
): PaymentFact[] {
  if (NOT_YET_APPROVED.includes(issue)) return [orderFact(providerOrderId, "capture", "open")];
  const declined: PaymentFact = {
    source: "capture",
    eventId: null,
    providerOrderId,
    claim: { kind: "attempt", status: "declined", reason: issue },
  };
  return RETRYABLE_DECLINES.includes(issue)
    ? [declined]
    : [declined, orderFact(providerOrderId, "capture", "voided")];
}

function orderFact(
  providerOrderId: string,
  source: PaymentFact["source"],
  status: "open" | "voided",
): PaymentFact {
  return {
    source,
    eventId: null,
    providerOrderId,
    claim: { kind: "order", status, customId: null },
  };
}

function told(facts: readonly PaymentFact[] | null): Told {
  return facts === null ? unreadable() : { kind: "told", facts };
}

function unreadable(): { kind: "unknown"; reason: string } {
  return { kind: "unknown", reason: "an answer of another shape" };
}
