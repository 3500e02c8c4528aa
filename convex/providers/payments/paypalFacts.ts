import type { Infer } from "convex/values";
import { v } from "convex/values";

import type { CaptureStatus, FactSource, PaymentFact, RefundStatus } from "../../domain/payment.ts";
import { readAs } from "./paypalApi.ts";
import { fromPayPalMoney } from "./paypalMoney.ts";
import type { WebhookEvent } from "./port.ts";

const vLinks = v.optional(v.array(v.object({ href: v.string(), rel: v.string() })));
const vPayPalMoney = v.object({ currency_code: v.string(), value: v.string() });
const vPayee = v.object({ merchant_id: v.optional(v.string()) });

// Shapes from PayPal's OpenAPI documents checkout_orders_v2 and payments_payment_v2, reduced to
// what is read here. A capture names its payee only as a resource of its own; inside an order the
// purchase unit does.
const vCapture = v.object({
  id: v.string(),
  status: v.string(),
  status_details: v.optional(v.object({ reason: v.optional(v.string()) })),
  amount: v.optional(vPayPalMoney),
  custom_id: v.optional(v.string()),
  payee: v.optional(vPayee),
  supplementary_data: v.optional(
    v.object({ related_ids: v.optional(v.object({ order_id: v.optional(v.string()) })) }),
  ),
});

const vRefund = v.object({
  id: v.string(),
  status: v.string(),
  amount: v.optional(vPayPalMoney),
  custom_id: v.optional(v.string()),
  links: vLinks,
});

const vPurchaseUnit = v.object({
  custom_id: v.optional(v.string()),
  payee: v.optional(vPayee),
  payments: v.optional(
    v.object({
      captures: v.optional(v.array(vCapture)),
      refunds: v.optional(v.array(vRefund)),
    }),
  ),
});

const vOrder = v.object({
  id: v.string(),
  status: v.optional(v.string()),
  purchase_units: v.optional(v.array(vPurchaseUnit)),
});

const vReversedApproval = v.object({
  order_id: v.optional(v.string()),
  id: v.optional(v.string()),
});

const vDispute = v.object({
  dispute_id: v.string(),
  status: v.optional(v.string()),
  disputed_transactions: v.optional(
    v.array(v.object({ seller_transaction_id: v.optional(v.string()) })),
  ),
});

const vEvent = v.object({ id: v.string(), event_type: v.string(), resource: v.any() });

type PurchaseUnit = Infer<typeof vPurchaseUnit>;
type Origin = Pick<PaymentFact, "source" | "eventId">;

/** Everything that an order's representation says, or null when it is not one. */
export function factsOfOrder(body: unknown, source: FactSource): PaymentFact[] | null {
  return readOrder(body, { source, eventId: null });
}

export function orderIdOf(body: unknown): string | null {
  return readAs(vOrder, body)?.id ?? null;
}

/** What the answer to a refund request says. */
export function factsOfRefund(body: unknown, captureId: string): PaymentFact[] | null {
  return readRefund(body, { source: "refund", eventId: null }, captureId);
}

/** A verified event's meaning; null when the body is not an event. */
export function readWebhookEvent(body: string): WebhookEvent | null {
  const event = readAs(vEvent, JSON.parse(body));
  if (event === null) return null;
  const origin: Origin = { source: "webhook", eventId: event.id };
  return {
    id: event.id,
    type: event.event_type,
    facts: factsOfEvent(event.event_type, event.resource, origin) ?? [],
  };
}

function factsOfEvent(type: string, resource: unknown, origin: Origin): PaymentFact[] | null {
  switch (type) {
    case "CHECKOUT.ORDER.APPROVED":
    case "CHECKOUT.ORDER.COMPLETED":
      return readOrder(resource, origin);
    case "CHECKOUT.PAYMENT-APPROVAL.REVERSED":
      return readReversedApproval(resource, origin);
    case "PAYMENT.CAPTURE.COMPLETED":
    case "PAYMENT.CAPTURE.PENDING":
    case "PAYMENT.CAPTURE.DENIED":
    case "PAYMENT.CAPTURE.DECLINED":
      return readCaptureResource(resource, origin);
    case "PAYMENT.CAPTURE.REFUNDED":
      return readRefund(resource, origin, null);
    case "PAYMENT.CAPTURE.REVERSED":
      return readReversal(resource, origin);
    case "CUSTOMER.DISPUTE.CREATED":
    case "CUSTOMER.DISPUTE.UPDATED":
    case "CUSTOMER.DISPUTE.RESOLVED":
      return readDispute(resource, origin);
    default:
      return null;
  }
}

function readOrder(body: unknown, origin: Origin): PaymentFact[] | null {
  const order = readAs(vOrder, body);
  if (order === null) return null;
  const units = order.purchase_units ?? [];
  const status = orderStatus(order.status);
  const customId = units[0]?.custom_id ?? null;
  const base = { ...origin, providerOrderId: order.id };
  return [
    ...(status === null ? [] : [{ ...base, claim: { kind: "order" as const, status, customId } }]),
    ...units.flatMap((unit) => factsOfUnit(unit, base)),
  ];
}

// An order that is COMPLETED says nothing by itself: its captures may be pending or declined.
function orderStatus(status: string | undefined): "open" | "approved" | "voided" | null {
  if (status === "APPROVED") return "approved";
  if (status === "VOIDED") return "voided";
  return status === "COMPLETED" || status === undefined ? null : "open";
}

function factsOfUnit(unit: PurchaseUnit, base: Omit<PaymentFact, "claim">): PaymentFact[] {
  const captures = unit.payments?.captures ?? [];
  const refunds = unit.payments?.refunds ?? [];
  const soleCapture = captures.length === 1 ? (captures[0]?.id ?? null) : null;
  return [
    ...captures.flatMap((capture) => factOfCapture(capture, base, unit)),
    ...refunds.flatMap((refund) => readRefund(refund, base, soleCapture) ?? []),
  ];
}

function readCaptureResource(resource: unknown, origin: Origin): PaymentFact[] | null {
  const capture = readAs(vCapture, resource);
  if (capture === null) return null;
  const providerOrderId = capture.supplementary_data?.related_ids?.order_id ?? null;
  return factOfCapture(capture, { ...origin, providerOrderId }, {});
}

function factOfCapture(
  capture: Infer<typeof vCapture>,
  base: Omit<PaymentFact, "claim">,
  unit: PurchaseUnit,
): PaymentFact[] {
  const status = captureStatus(capture.status);
  if (status === null) return [];
  const claim = {
    kind: "capture" as const,
    captureId: capture.id,
    status,
    reason: capture.status_details?.reason ?? null,
    amount: capture.amount === undefined ? null : fromPayPalMoney(capture.amount),
    payeeId: capture.payee?.merchant_id ?? unit.payee?.merchant_id ?? null,
    customId: capture.custom_id ?? unit.custom_id ?? null,
  };
  return [{ ...base, claim }];
}

function readRefund(
  body: unknown,
  origin: Origin & { providerOrderId?: string | null },
  knownCaptureId: string | null,
): PaymentFact[] | null {
  const refund = readAs(vRefund, body);
  if (refund === null) return null;
  const status = refundStatus(refund.status);
  const captureId = knownCaptureId ?? parentOf(refund.links);
  const amount = refund.amount === undefined ? null : fromPayPalMoney(refund.amount);
  if (status === null || captureId === null || amount === null) return null;
  const customId = refund.custom_id ?? null;
  const claim = {
    kind: "refund" as const,
    refundId: refund.id,
    captureId,
    status,
    amount,
    customId,
  };
  return [{ ...origin, providerOrderId: origin.providerOrderId ?? null, claim }];
}

// The resource of a reversal is the refund that PayPal made, or the capture itself.
function readReversal(resource: unknown, origin: Origin): PaymentFact[] | null {
  const reversal = readAs(vRefund, resource);
  if (reversal === null) return null;
  const captureId = parentOf(reversal.links) ?? reversal.id;
  const unsaid = { reason: null, amount: null, payeeId: null, customId: null };
  const claim = { kind: "capture" as const, captureId, status: "REVERSED" as const, ...unsaid };
  return [{ ...origin, providerOrderId: null, claim }];
}

function readReversedApproval(resource: unknown, origin: Origin): PaymentFact[] | null {
  const reversed = readAs(vReversedApproval, resource);
  const providerOrderId = reversed?.order_id ?? reversed?.id ?? null;
  if (providerOrderId === null) return null;
  const claim = { kind: "order" as const, status: "voided" as const, customId: null };
  return [{ ...origin, providerOrderId, claim }];
}

function readDispute(resource: unknown, origin: Origin): PaymentFact[] | null {
  const dispute = readAs(vDispute, resource);
  if (dispute === null) return null;
  const captureIds = (dispute.disputed_transactions ?? []).flatMap(
    (transaction) => transaction.seller_transaction_id ?? [],
  );
  const { dispute_id: disputeId, status = "OPEN" } = dispute;
  return captureIds.map((captureId) => ({
    ...origin,
    providerOrderId: null,
    claim: { kind: "dispute" as const, disputeId, captureId, status },
  }));
}

// A refund links to its capture: { rel: "up", href: "…/v2/payments/captures/2GG279541U471931P" }.
function parentOf(links: Infer<typeof vLinks>): string | null {
  const up = links?.find((link) => link.rel === "up");
  return /\/captures\/([^/?]+)$/.exec(up?.href ?? "")?.[1] ?? null;
}

function captureStatus(status: string): CaptureStatus | null {
  switch (status) {
    case "PENDING":
    case "DECLINED":
    case "FAILED":
    case "COMPLETED":
    case "PARTIALLY_REFUNDED":
    case "REFUNDED":
    case "REVERSED":
      return status;
    case "DENIED":
      return "DECLINED";
    default:
      return null;
  }
}

function refundStatus(status: string): RefundStatus | null {
  switch (status) {
    case "PENDING":
    case "COMPLETED":
    case "FAILED":
    case "CANCELLED":
      return status;
    default:
      return null;
  }
}
