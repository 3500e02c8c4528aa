import { v } from "convex/values";

import { vAppError } from "./appError.ts";
import { vTint } from "./catalog.ts";
import { vPicture } from "./catalogViews.ts";
import { vAddress, vContact } from "./checkouts.ts";
import { vMoney } from "./money.ts";
import { vDeliveryMethodId, vPaymentMethodId } from "./settings.ts";

export const vQuoteView = v.object({
  version: v.string(),
  lines: v.array(
    v.object({
      variantId: v.id("variants"),
      sku: v.string(),
      productSlug: v.string(),
      name: v.string(),
      optionLabel: v.string(),
      quantity: v.number(),
      unitPrice: vMoney,
      lineTotal: vMoney,
      picture: v.union(vPicture, v.null()),
      tint: vTint,
    }),
  ),
  subtotal: vMoney,
  discount: vMoney,
  delivery: vMoney,
  taxIncluded: vMoney,
  total: vMoney,
});

export const vCheckoutView = v.object({
  contact: v.union(vContact, v.null()),
  address: v.union(vAddress, v.null()),
  deliveryMethod: v.union(vDeliveryMethodId, v.null()),
  /** The ways in which this cart can be delivered, with what each costs for it. */
  deliveryOptions: v.array(
    v.object({
      id: vDeliveryMethodId,
      name: v.string(),
      price: vMoney,
      freeFrom: v.union(vMoney, v.null()),
      minDays: v.number(),
      maxDays: v.number(),
    }),
  ),
  paymentMethods: v.array(vPaymentMethodId),
  countries: v.array(v.string()),
  quote: v.union(vQuoteView, v.null()),
  problems: v.array(vAppError),
  savedAddresses: v.array(
    v.object({ id: v.id("addresses"), isDefault: v.boolean(), address: vAddress }),
  ),
  /** The order whose payment was begun and is not decided yet. */
  openOrder: v.union(
    v.object({
      orderId: v.id("orders"),
      orderNumber: v.string(),
      paymentId: v.union(v.id("payments"), v.null()),
      quoteVersion: v.string(),
      holdExpiresAt: v.union(v.number(), v.null()),
    }),
    v.null(),
  ),
});
