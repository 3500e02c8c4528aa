import type { Capture, CapturePlan, Ledger, Order } from "./ledger.ts";
import { newResourceId } from "./identifiers.ts";
import type { EventSink } from "./webhooks.ts";

/** Issues that a buyer can be declined with, as the approval page offers them. */
export const DECLINE_ISSUES = [
  "INSTRUMENT_DECLINED",
  "PAYER_CANNOT_PAY",
  "PAYER_ACCOUNT_RESTRICTED",
  "TRANSACTION_REFUSED",
  "COMPLIANCE_VIOLATION",
  "PAYEE_BLOCKED_TRANSACTION",
] as const;

/** Reasons for which a capture can wait. */
export const PENDING_REASONS = [
  "ECHECK",
  "PENDING_REVIEW",
  "UNILATERAL",
  "VERIFICATION_REQUIRED",
  "RECEIVING_PREFERENCE_MANDATES_MANUAL_ACTION",
  "INTERNATIONAL_WITHDRAWAL",
  "TRANSACTION_APPROVED_AWAITING_FUNDING",
  "OTHER",
] as const;

/** Something a person asked for that the state of the payment does not allow. */
export class NotPossible extends Error {
  override readonly name = "NotPossible";
  readonly status: 404 | 409;

  constructor(status: 404 | 409, message: string) {
    super(message);
    this.status = status;
  }
}

/** What buyers, banks and PayPal's own people do to a payment from outside the API. */
export class PaymentActions {
  readonly #ledger: Ledger;
  readonly #events: EventSink;

  constructor(ledger: Ledger, events: EventSink) {
    this.#ledger = ledger;
    this.#events = events;
  }

  /**
   * The buyer agrees to pay; `plan` is what the capture will come to. An order can be approved again
   * until it is captured, as after a decline with another card.
   * @throws NotPossible
   */
  approve(orderId: string, plan: CapturePlan, now: number): Order {
    const order = this.#openOrder(orderId);
    const approved: Order = {
      ...order,
      status: "APPROVED",
      plan,
      cancelledAt: null,
      updatedAt: now,
    };
    this.#ledger.orders.put(approved);
    this.#events.orderApproved(approved, now);
    return approved;
  }

  /** The buyer goes back to the shop; at PayPal the order stays as it was. */
  cancel(orderId: string, now: number): Order {
    const order = this.#openOrder(orderId);
    const cancelled: Order = { ...order, cancelledAt: now };
    this.#ledger.orders.put(cancelled);
    return cancelled;
  }

  /** An approval that was never captured is taken back by PayPal. */
  reverseApproval(orderId: string, now: number): Order {
    const order = this.#openOrder(orderId);
    if (order.status !== "APPROVED") throw new NotPossible(409, "The order is not approved.");
    const voided: Order = { ...order, status: "VOIDED", updatedAt: now };
    this.#ledger.orders.put(voided);
    this.#events.approvalReversed(voided, now);
    return voided;
  }

  /** A pending capture is paid or fails. */
  settle(captureId: string, result: "complete" | "deny", now: number): Capture {
    const capture = this.#capture(captureId);
    if (capture.status !== "PENDING") throw new NotPossible(409, "The capture is not pending.");
    const settled: Capture = {
      ...capture,
      status: result === "complete" ? "COMPLETED" : "DECLINED",
      reason: null,
      updatedAt: now,
    };
    this.#ledger.captures.put(settled);
    this.#events.captureChanged(settled, now);
    return settled;
  }

  /** A bank takes the money back. */
  reverse(captureId: string, now: number): Capture {
    const capture = this.#capture(captureId);
    if (capture.isReversed || !["COMPLETED", "PARTIALLY_REFUNDED"].includes(capture.status)) {
      throw new NotPossible(409, "Only a completed capture can be reversed.");
    }
    const reversed: Capture = {
      ...capture,
      isReversed: true,
      reason: "CHARGEBACK",
      updatedAt: now,
    };
    this.#ledger.captures.put(reversed);
    this.#events.captureReversed(reversed, now);
    return reversed;
  }

  /** The merchant refunds everything on PayPal's own site, which the shop learns by webhook only. */
  refundOnPayPal(captureId: string, now: number): Capture {
    const capture = this.#capture(captureId);
    if (capture.status !== "COMPLETED" || capture.isReversed) {
      throw new NotPossible(409, "Only a completed capture without refunds can be refunded here.");
    }
    const refund = {
      id: newResourceId(),
      captureId,
      status: "COMPLETED" as const,
      reason: null,
      amount: capture.amount,
      invoiceId: capture.invoiceId,
      customId: capture.customId,
      note: null,
      createdAt: now,
      updatedAt: now,
    };
    this.#ledger.refunds.put(refund);
    const refunded: Capture = {
      ...capture,
      status: "REFUNDED",
      refundIds: [...capture.refundIds, refund.id],
      updatedAt: now,
    };
    this.#ledger.captures.put(refunded);
    this.#events.refunded(refund, now);
    return refunded;
  }

  #openOrder(orderId: string): Order {
    const order = this.#ledger.orders.find(orderId);
    if (order === null) throw new NotPossible(404, "There is no such order.");
    if (order.status === "COMPLETED") throw new NotPossible(409, "The order is paid already.");
    if (order.status === "VOIDED") throw new NotPossible(409, "The order has lapsed.");
    return order;
  }

  #capture(captureId: string): Capture {
    const capture = this.#ledger.captures.find(captureId);
    if (capture === null) throw new NotPossible(404, "There is no such capture.");
    return capture;
  }
}
