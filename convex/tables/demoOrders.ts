import { v } from "convex/values";

import { vDeliveryMethodId } from "./settings.ts";

/** An order of the demo catalogue (`scripts/demo/orders.json`), its times made absolute. */
export const vDemoOrder = v.object({
  number: v.string(),
  /** Of a customer who is imported already. */
  email: v.string(),
  status: v.union(
    v.literal("pending_payment"),
    v.literal("paid"),
    v.literal("processing"),
    v.literal("shipped"),
    v.literal("delivered"),
    v.literal("cancelled"),
    v.literal("refunded_partial"),
    v.literal("refunded_full"),
  ),
  paymentMethod: v.union(v.literal("card"), v.literal("bank_transfer"), v.literal("invoice")),
  shippingMethod: vDeliveryMethodId,
  items: v.array(
    v.object({
      sku: v.string(),
      productSlug: v.string(),
      name: v.string(),
      options: v.union(v.record(v.string(), v.string()), v.null()),
      quantity: v.number(),
      unitPrice: v.number(),
      lineTotal: v.number(),
    }),
  ),
  subtotal: v.number(),
  discount: v.number(),
  shipping: v.number(),
  taxIncluded: v.number(),
  total: v.number(),
  timeline: v.array(
    v.object({
      event: v.union(
        v.literal("placed"),
        v.literal("paid"),
        v.literal("processing"),
        v.literal("shipped"),
        v.literal("delivered"),
        v.literal("cancelled"),
        v.literal("return_received"),
        v.literal("refunded_partial"),
        v.literal("refunded_full"),
      ),
      at: v.number(),
    }),
  ),
  refunds: v.array(v.object({ amount: v.number(), reason: v.string(), at: v.number() })),
  trackingNumber: v.union(v.string(), v.null()),
  customerNote: v.union(v.string(), v.null()),
});
