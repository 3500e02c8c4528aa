import type { Validator } from "convex/values";
import { v } from "convex/values";

import type { OrderState } from "../domain/order.ts";
import { vTint } from "./catalog.ts";
import { vPicture } from "./catalogViews.ts";
import { vAddress, vContact } from "./checkouts.ts";
import { vMoney } from "./money.ts";
import {
  vCancelReason,
  vOrderActorKind,
  vOrderAttention,
  vOrderDelivery,
  vOrderEventKind,
  vOrderFulfilment,
  vOrderPayment,
  vOrderState,
  vShipment,
} from "./orders.ts";
import { vFactOutcome, vPaymentFact, vPaymentStatus, vRefundState } from "./payments.ts";
import { vPaymentMethodId } from "./settings.ts";

const vNullableString = v.union(v.string(), v.null());

export const vOrderLineView = v.object({
  sku: v.string(),
  productSlug: v.string(),
  name: v.string(),
  optionLabel: v.string(),
  quantity: v.number(),
  unitPrice: vMoney,
  lineTotal: vMoney,
  picture: v.union(vPicture, v.null()),
  tint: vTint,
});

export const vTimelineEntry = v.object({
  kind: vOrderEventKind,
  at: v.number(),
  by: vOrderActorKind,
  byName: vNullableString,
  note: vNullableString,
  amount: v.union(vMoney, v.null()),
});

/** Where to send a bank transfer, while the order waits for one. */
export const vTransferView = v.object({
  holder: v.string(),
  iban: v.string(),
  bic: v.string(),
  bankName: v.string(),
  purpose: v.string(),
  amount: vMoney,
  dueAt: v.number(),
});

const orderFields = {
  id: v.id("orders"),
  number: v.string(),
  state: vOrderState,
  axes: v.object({ payment: vOrderPayment, fulfilment: vOrderFulfilment }),
  placedAt: v.number(),
  itemCount: v.number(),
  total: vMoney,
};

const detailFields = {
  ...orderFields,
  contact: vContact,
  address: vAddress,
  delivery: vOrderDelivery,
  shipment: v.union(vShipment, v.null()),
  lines: v.array(vOrderLineView),
  subtotal: vMoney,
  discount: vMoney,
  deliveryPrice: vMoney,
  taxIncluded: vMoney,
  timeline: v.array(vTimelineEntry),
  payment: v.object({
    id: v.union(v.id("payments"), v.null()),
    method: vPaymentMethodId,
    status: v.union(vPaymentStatus, v.null()),
    /** The provider's word for why it is pending or was declined. */
    reason: vNullableString,
    transfer: v.union(vTransferView, v.null()),
  }),
  refunded: vMoney,
  cancelReason: v.union(vCancelReason, v.null()),
  holdExpiresAt: v.union(v.number(), v.null()),
  payableUntil: v.number(),
};

/** An order as its owner sees it. */
export const vOrderView = v.object({
  ...detailFields,
  canPay: v.boolean(),
  canCancel: v.boolean(),
});

/** An order in its owner's list. */
export const vOrderSummary = v.object({
  ...orderFields,
  pictures: v.array(
    v.object({ name: v.string(), picture: v.union(vPicture, v.null()), tint: vTint }),
  ),
});

export const vOrderCounts = v.object({
  all: v.number(),
  awaitingPayment: v.number(),
  paymentPending: v.number(),
  needsReview: v.number(),
  paid: v.number(),
  processing: v.number(),
  shipped: v.number(),
  delivered: v.number(),
  cancelled: v.number(),
  refunded: v.number(),
} satisfies Record<OrderState | "all", Validator<number>>);

export const vAdminOrderRow = v.object({
  ...orderFields,
  attention: v.union(vOrderAttention, v.null()),
  customerName: v.string(),
  email: v.string(),
  paymentMethod: vPaymentMethodId,
});

const vRefundView = v.object({
  id: v.id("refunds"),
  amount: vMoney,
  reason: v.string(),
  state: vRefundState,
  providerRefundId: vNullableString,
  requestedAt: v.number(),
});

/** Our record of a payment beside every word of the provider about it. */
const vPaymentTruth = v.object({
  id: v.id("payments"),
  method: vPaymentMethodId,
  status: vPaymentStatus,
  amount: vMoney,
  reason: vNullableString,
  providerOrderId: vNullableString,
  captureId: vNullableString,
  changedAt: v.number(),
  facts: v.array(v.object({ at: v.number(), outcome: vFactOutcome, fact: vPaymentFact })),
  refunds: v.array(vRefundView),
});

/** An order as staff see it. */
export const vAdminOrder = v.object({
  ...detailFields,
  attention: v.union(vOrderAttention, v.null()),
  customer: v.union(
    v.object({ id: v.id("users"), name: v.string(), email: vNullableString, isGuest: v.boolean() }),
    v.null(),
  ),
  payments: v.array(vPaymentTruth),
  /** What the viewer may do with it now. */
  can: v.object({
    startProcessing: v.boolean(),
    ship: v.boolean(),
    deliver: v.boolean(),
    cancel: v.boolean(),
    refund: v.boolean(),
    confirmTransfer: v.boolean(),
  }),
});
