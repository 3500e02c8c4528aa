import type { Validator } from "convex/values";
import { v } from "convex/values";

import type { AppError } from "../domain/errors.ts";
import { vAppError } from "./appError.ts";
import { vAddress } from "./checkouts.ts";
import { vMoney } from "./money.ts";

/** What the mutation that prepares a payment tells the action that talks to the provider. */
export const vPaymentRequest = v.object({
  requestId: v.string(),
  paymentId: v.id("payments"),
  invoiceId: v.string(),
  shopName: v.string(),
  items: v.array(
    v.object({ name: v.string(), sku: v.string(), quantity: v.number(), unitPrice: vMoney }),
  ),
  subtotal: vMoney,
  discount: vMoney,
  delivery: vMoney,
  total: vMoney,
  address: vAddress,
});

export const vOpenTask = v.union(
  v.object({ kind: v.literal("open"), providerOrderId: v.string() }),
  v.object({ kind: v.literal("request"), request: vPaymentRequest }),
);

export const vCaptureTask = v.union(
  v.object({ kind: v.literal("settled") }),
  v.object({ kind: v.literal("refused"), error: vAppError }),
  v.object({
    kind: v.literal("capture"),
    providerOrderId: v.string(),
    requestId: v.string(),
  }),
) satisfies Validator<
  | { kind: "settled" }
  | { kind: "refused"; error: AppError }
  | { kind: "capture"; providerOrderId: string; requestId: string },
  "required",
  string
>;

/** How a payment stands, in the words of the page. */
export const vPaymentResult = v.object({
  status: v.union(
    v.literal("paid"),
    v.literal("pending"),
    v.literal("declined"),
    v.literal("needsReview"),
    v.literal("unknown"),
  ),
  orderNumber: v.string(),
  reason: v.union(v.string(), v.null()),
});
