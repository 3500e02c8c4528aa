import { defineTable } from "convex/server";
import type { Validator } from "convex/values";
import { v } from "convex/values";

import type {
  OrderActor,
  OrderAttention,
  OrderFulfilment,
  OrderPayment,
  OrderState,
} from "../domain/order.ts";
import { vStoredPicture, vTint } from "./catalog.ts";
import { vAddress, vContact } from "./checkouts.ts";
import { vMoney } from "./money.ts";
import { vDeliveryMethodId, vPaymentMethodId } from "./settings.ts";

export const vOrderPayment = v.union(
  v.literal("awaiting"),
  v.literal("pending"),
  v.literal("paid"),
  v.literal("needsReview"),
  v.literal("partiallyRefunded"),
  v.literal("refunded"),
  v.literal("void"),
) satisfies Validator<OrderPayment>;

export const vOrderFulfilment = v.union(
  v.literal("unfulfilled"),
  v.literal("processing"),
  v.literal("shipped"),
  v.literal("delivered"),
  v.literal("cancelled"),
) satisfies Validator<OrderFulfilment>;

export const vOrderState = v.union(
  v.literal("awaitingPayment"),
  v.literal("paymentPending"),
  v.literal("needsReview"),
  v.literal("paid"),
  v.literal("processing"),
  v.literal("shipped"),
  v.literal("delivered"),
  v.literal("cancelled"),
  v.literal("refunded"),
) satisfies Validator<OrderState>;

export const vOrderAttention = v.union(
  v.literal("amountMismatch"),
  v.literal("duplicatePayment"),
  v.literal("paidWithoutStock"),
  v.literal("paymentReversed"),
  v.literal("disputed"),
  v.literal("refundFailed"),
) satisfies Validator<OrderAttention>;

export const vOrderActorKind = v.union(
  v.literal("customer"),
  v.literal("staff"),
  v.literal("system"),
) satisfies Validator<OrderActor>;

export const vOrderEventKind = v.union(
  v.literal("placed"),
  v.literal("paymentPending"),
  v.literal("paymentDeclined"),
  v.literal("paid"),
  v.literal("paymentCheck"),
  v.literal("processing"),
  v.literal("shipped"),
  v.literal("delivered"),
  v.literal("cancelled"),
  v.literal("refundRequested"),
  v.literal("refunded"),
  v.literal("partiallyRefunded"),
  v.literal("refundFailed"),
  v.literal("returnReceived"),
  v.literal("paymentReversed"),
  v.literal("disputed"),
);

/** Why an order ended: words of a person, or one of the shop's own reasons. */
export const vCancelReason = v.union(
  v.object({ kind: v.literal("person"), text: v.string() }),
  v.object({
    kind: v.union(
      v.literal("byCustomer"),
      v.literal("unpaid"),
      v.literal("replaced"),
      v.literal("abandoned"),
      v.literal("outOfStock"),
      v.literal("priceChanged"),
    ),
  }),
);

export const vShipment = v.object({ carrier: v.string(), trackingNumber: v.string() });

export const vOrderDelivery = v.object({
  methodId: vDeliveryMethodId,
  name: v.string(),
  minDays: v.number(),
  maxDays: v.number(),
});

export const orderTables = {
  /** A snapshot of what was agreed; it names products and people but depends on none of them. */
  orders: defineTable({
    number: v.string(),
    /** Null once the account is erased. */
    userId: v.union(v.id("users"), v.null()),
    payment: vOrderPayment,
    fulfilment: vOrderFulfilment,
    /** Derived from both axes by `domain/order`, stored to be listed by. */
    state: vOrderState,
    attention: v.union(vOrderAttention, v.null()),
    paymentMethod: vPaymentMethodId,
    quoteVersion: v.string(),
    contact: vContact,
    address: vAddress,
    delivery: vOrderDelivery,
    itemCount: v.number(),
    subtotal: vMoney,
    discount: vMoney,
    deliveryPrice: vMoney,
    taxIncluded: vMoney,
    total: vMoney,
    shipment: v.union(vShipment, v.null()),
    cancelReason: v.union(vCancelReason, v.null()),
    customerNote: v.union(v.string(), v.null()),
    /** When an unpaid order lapses. */
    payableUntil: v.number(),
    placedAt: v.number(),
    searchText: v.string(),
  })
    .index("by_number", ["number"])
    .index("by_userId_and_placedAt", ["userId", "placedAt"])
    .index("by_userId_and_state", ["userId", "state"])
    .index("by_placedAt", ["placedAt"])
    .index("by_state_and_placedAt", ["state", "placedAt"])
    .index("by_state_and_payableUntil", ["state", "payableUntil"])
    .searchIndex("by_searchText", { searchField: "searchText", filterFields: ["state"] }),

  orderLines: defineTable({
    orderId: v.id("orders"),
    position: v.number(),
    productId: v.union(v.id("products"), v.null()),
    variantId: v.union(v.id("variants"), v.null()),
    productSlug: v.string(),
    sku: v.string(),
    name: v.string(),
    optionLabel: v.string(),
    quantity: v.number(),
    unitPrice: vMoney,
    lineTotal: vMoney,
    weightGrams: v.number(),
    picture: v.union(vStoredPicture, v.null()),
    tint: vTint,
  })
    .index("by_orderId_and_position", ["orderId", "position"])
    .index("by_productId", ["productId"]),

  /** The timeline. Rows are only ever added. */
  orderEvents: defineTable({
    orderId: v.id("orders"),
    kind: vOrderEventKind,
    at: v.number(),
    actor: v.object({
      kind: vOrderActorKind,
      userId: v.union(v.id("users"), v.null()),
      name: v.union(v.string(), v.null()),
    }),
    /** A reason, a carrier with its number, a provider's word: short text for the kind. */
    note: v.union(v.string(), v.null()),
    amount: v.union(vMoney, v.null()),
  }).index("by_orderId_and_at", ["orderId", "at"]),
};
