import * as z from "zod";

import { formatAmount, minorUnits, parseAmount, type Money } from "./amounts.ts";
import type { Contract } from "./contract.ts";
import { newResourceId } from "./identifiers.ts";
import type { Capture, Ledger, Refund } from "./ledger.ts";
import { PayPalProblem, type ProblemDetail } from "./problems.ts";
import type { EventSink } from "./webhooks.ts";

/** "180 days from the date of the original transaction". */
const REFUND_WINDOW_MS = 180 * 24 * 60 * 60 * 1_000;
const MAX_REFUNDS_PER_CAPTURE = 100;

const vRefundRequest = z
  .looseObject({
    amount: z.object({ currency_code: z.string(), value: z.string() }).optional(),
    custom_id: z.string().optional(),
    invoice_id: z.string().optional(),
    note_to_payer: z.string().optional(),
  })
  .nullish()
  .transform((body) => body ?? {});

/** Payments v2: captures and their refunds. */
export class Refunds {
  readonly #ledger: Ledger;
  readonly #contract: Contract;
  readonly #events: EventSink;

  constructor(options: {
    readonly ledger: Ledger;
    readonly contract: Contract;
    readonly events: EventSink;
  }) {
    this.#ledger = options.ledger;
    this.#contract = options.contract;
    this.#events = options.events;
  }

  /** @throws PayPalProblem 404 */
  getCapture(id: string, operation: "captures.get" | "captures.refund"): Capture {
    const capture = this.#ledger.captures.find(id);
    if (capture !== null) return capture;
    throw new PayPalProblem(404, [
      this.#contract.describe(operation, 404, ["INVALID_RESOURCE_ID"]),
    ]);
  }

  /** @throws PayPalProblem 404 */
  get(id: string): Refund {
    const refund = this.#ledger.refunds.find(id);
    if (refund !== null) return refund;
    throw new PayPalProblem(404, [
      this.#contract.describe("refunds.get", 404, ["INVALID_RESOURCE_ID"]),
    ]);
  }

  /**
   * @param fault a documented issue to answer instead, or `PENDING`
   * @throws PayPalProblem 404 or 422
   */
  create(captureId: string, body: unknown, now: number, fault: string | null = null): Refund {
    const capture = this.getCapture(captureId, "captures.refund");
    const request = vRefundRequest.parse(body);
    if (fault !== null && fault !== "PENDING") throw this.#refusal(fault, {}, true);
    this.#requireRefundable(capture, now);
    const amount = this.#amountToRefund(capture, request.amount);
    this.#requireFreshInvoice(request.invoice_id);
    const refund: Refund = {
      id: newResourceId(),
      captureId,
      status: fault === "PENDING" ? "PENDING" : "COMPLETED",
      reason: fault === "PENDING" ? "ECHECK" : null,
      amount,
      invoiceId: request.invoice_id ?? capture.invoiceId,
      customId: request.custom_id ?? null,
      note: request.note_to_payer ?? null,
      createdAt: now,
      updatedAt: now,
    };
    this.#ledger.refunds.put(refund);
    const refundIds = [...capture.refundIds, refund.id];
    const left = minorUnits(capture.amount) - this.#refunded({ ...capture, refundIds });
    const status = left === 0n ? "REFUNDED" : "PARTIALLY_REFUNDED";
    this.#ledger.captures.put({ ...capture, refundIds, status, updatedAt: now });
    if (refund.status === "COMPLETED") this.#events.refunded(refund, now);
    return refund;
  }

  #requireRefundable(capture: Capture, now: number): void {
    if (capture.isReversed) throw this.#refusal("REFUND_NOT_PERMITTED_DUE_TO_CHARGEBACK");
    if (capture.status === "PENDING") throw this.#refusal("PENDING_CAPTURE");
    if (capture.status === "DECLINED") throw this.#refusal("REFUND_NOT_ALLOWED");
    if (capture.status === "REFUNDED") throw this.#refusal("CAPTURE_FULLY_REFUNDED");
    if (now - capture.createdAt > REFUND_WINDOW_MS) {
      throw this.#refusal("REFUND_TIME_LIMIT_EXCEEDED");
    }
    if (capture.refundIds.length >= MAX_REFUNDS_PER_CAPTURE) {
      throw this.#refusal("MAX_NUMBER_OF_REFUNDS_EXCEEDED");
    }
  }

  /** Without an amount, everything that is left. */
  #amountToRefund(capture: Capture, asked: Money | undefined): Money {
    const left = minorUnits(capture.amount) - this.#refunded(capture);
    if (asked === undefined) return formatAmount(capture.amount.currency_code, left);
    const minor = parseAmount(asked);
    const place = { field: "/amount/value", value: asked.value };
    if (minor === "MAX_VALUE_EXCEEDED") throw this.#refusal("REFUND_AMOUNT_EXCEEDED", place);
    if (minor === "INVALID_CURRENCY_CODE") {
      throw this.#refusal(minor, { field: "/amount/currency_code", value: asked.currency_code });
    }
    if (typeof minor === "string") throw this.#refusal(minor, place);
    if (asked.currency_code !== capture.amount.currency_code) {
      throw this.#refusal("REFUND_CAPTURE_CURRENCY_MISMATCH", {
        field: "/amount/currency_code",
        value: asked.currency_code,
      });
    }
    if (minor <= 0n) throw this.#refusal("CANNOT_BE_ZERO_OR_NEGATIVE", place);
    if (minor > left) throw this.#refusal("REFUND_AMOUNT_EXCEEDED", place);
    return asked;
  }

  #requireFreshInvoice(invoiceId: string | undefined): void {
    const isUsed = this.#ledger.refunds.list().some((refund) => refund.invoiceId === invoiceId);
    if (invoiceId === undefined || !isUsed) return;
    throw this.#refusal("DUPLICATE_INVOICE_ID", { field: "/invoice_id", value: invoiceId });
  }

  #refunded(capture: Capture): bigint {
    return capture.refundIds
      .map((id) => this.#ledger.refunds.find(id))
      .filter((refund) => refund !== null && refund.status !== "FAILED")
      .reduce((sum, refund) => (refund === null ? sum : sum + minorUnits(refund.amount)), 0n);
  }

  #refusal(issue: string, place: Partial<ProblemDetail> = {}, isOutcome = false): PayPalProblem {
    const detail = this.#contract.describe("captures.refund", 422, [issue]);
    const location = place.field === undefined ? {} : { location: "body" as const };
    return new PayPalProblem(422, [{ ...place, ...location, ...detail }], { isOutcome });
  }
}
