import type { Infer } from "convex/values";

import type { Doc, Id } from "../_generated/dataModel";
import type { QueryCtx } from "../_generated/server";
import { optionLabel } from "../domain/catalog.ts";
import { canPay } from "../domain/order.ts";
import type { vCheckoutView, vQuoteView } from "../tables/checkoutViews.ts";
import type { CartItem } from "./cart.ts";
import * as Checkout from "./checkout.ts";
import * as Holds from "./holds.ts";
import * as PaymentRecords from "./paymentRecords.ts";
import { viewPicture } from "./pictures.ts";
import type { PricedCart } from "./quotes.ts";
import * as Quotes from "./quotes.ts";
import { getSettings } from "./settings.ts";

type Ctx = Pick<QueryCtx, "db" | "storage">;
type CheckoutView = Infer<typeof vCheckoutView>;
type QuoteView = Infer<typeof vQuoteView>;

const MAX_ADDRESSES = 50;

/** Everything that the steps of the checkout show; the price is that of the live cart. */
export async function viewCheckout(ctx: Ctx, userId: Id<"users">): Promise<CheckoutView> {
  const [settings, checkout] = await Promise.all([getSettings(ctx), Checkout.find(ctx, userId)]);
  const deliveryMethod = checkout?.deliveryMethod ?? null;
  const priced = await Quotes.priceCart(ctx, { userId, settings, deliveryMethod });
  return {
    contact: checkout?.contact ?? null,
    address: checkout?.address ?? null,
    deliveryMethod,
    deliveryOptions: priced.deliveryOptions.map(({ method, price }) => {
      const { id, name, freeFrom, minDays, maxDays } = method;
      return { id, name, price, freeFrom, minDays, maxDays };
    }),
    paymentMethods: settings.paymentMethods,
    countries: settings.countries,
    quote: await viewQuote(ctx, priced),
    problems: priced.problems,
    savedAddresses: await listAddresses(ctx, userId),
    openOrder: await viewOpenOrder(ctx, checkout),
  };
}

async function viewQuote(ctx: Ctx, { items, quote }: PricedCart): Promise<QuoteView | null> {
  if (quote === null) return null;
  const { version, subtotal, discount, delivery, taxIncluded, total, lineTotals } = quote;
  const lines = await Promise.all(
    items.map(async (item, index) => {
      const lineTotal = lineTotals[index];
      if (lineTotal === undefined) throw new Error(`The quote has no line ${index}`);
      return { ...(await viewItem(ctx, item)), lineTotal };
    }),
  );
  return { version, lines, subtotal, discount, delivery, taxIncluded, total };
}

async function viewItem(
  ctx: Ctx,
  { line, variant, product }: CartItem,
): Promise<Omit<QuoteView["lines"][number], "lineTotal">> {
  const picture = product.pictures[variant.pictureIndex] ?? product.pictures[0];
  return {
    variantId: variant._id,
    sku: variant.sku,
    productSlug: product.slug,
    name: product.name,
    optionLabel: optionLabel(product.options, variant.options),
    quantity: line.quantity,
    unitPrice: variant.price,
    picture: await viewPicture(ctx, picture),
    tint: product.tint,
  };
}

async function listAddresses(
  ctx: Ctx,
  userId: Id<"users">,
): Promise<CheckoutView["savedAddresses"]> {
  const rows = await ctx.db
    .query("addresses")
    .withIndex("by_userId", (q) => q.eq("userId", userId))
    .take(MAX_ADDRESSES);
  return rows.map(({ _id: id, isDefault, ...row }) => {
    const { name, line1, line2, postalCode, city, region, country } = row;
    return { id, isDefault, address: { name, line1, line2, postalCode, city, region, country } };
  });
}

async function viewOpenOrder(
  ctx: Ctx,
  checkout: Doc<"checkouts"> | null,
): Promise<CheckoutView["openOrder"]> {
  if (checkout === null || checkout.orderId === null) return null;
  const order = await ctx.db.get("orders", checkout.orderId);
  if (order === null || !canPay(order)) return null;
  const payment = await PaymentRecords.findCurrent(ctx, order._id);
  return {
    orderId: order._id,
    orderNumber: order.number,
    paymentId: payment?._id ?? null,
    quoteVersion: order.quoteVersion,
    holdExpiresAt: await Holds.findExpiry(ctx, order._id),
  };
}
