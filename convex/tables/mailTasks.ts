import { v } from "convex/values";

import { vAddress } from "./checkouts.ts";
import { vMoney } from "./money.ts";
import { vTransferView } from "./orderViews.ts";
import { vShipment } from "./orders.ts";
import { vOrderEmailKind } from "./outbox.ts";
import { vPaymentMethodId } from "./settings.ts";

/** A mail about an order with all that it tells, for the action that renders and sends it. */
export const vMailTask = v.object({
  to: v.string(),
  idempotencyKey: v.string(),
  kind: vOrderEmailKind,
  sender: v.object({ shopName: v.string(), address: v.string() }),
  data: v.object({
    shopName: v.string(),
    number: v.string(),
    orderUrl: v.string(),
    customerName: v.string(),
    placedAt: v.number(),
    lines: v.array(
      v.object({
        name: v.string(),
        optionLabel: v.string(),
        quantity: v.number(),
        lineTotal: vMoney,
      }),
    ),
    subtotal: vMoney,
    discount: vMoney,
    deliveryPrice: vMoney,
    taxIncluded: vMoney,
    total: vMoney,
    address: vAddress,
    delivery: v.object({ name: v.string(), minDays: v.number(), maxDays: v.number() }),
    paymentMethod: vPaymentMethodId,
    paymentStatus: v.union(v.literal("paid"), v.literal("waiting"), v.literal("none")),
    transfer: v.union(vTransferView, v.null()),
    shipment: v.union(vShipment, v.null()),
    refund: v.union(vMoney, v.null()),
  }),
});
