import type { Doc, Id } from "../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../_generated/server";
import type { Address, Contact } from "../domain/address.ts";
import {
  addressProblems,
  contactProblems,
  normalizeAddress,
  normalizeContact,
} from "../domain/address.ts";
import type { DeliveryMethodId } from "../domain/delivery.ts";
import { HOLD_TTL_MS } from "../domain/hold.ts";
import { canPay } from "../domain/order.ts";
import type { PaymentMethod } from "../domain/payment.ts";
import { isInFlight } from "../domain/payment.ts";
import type { QuoteTotals } from "../domain/quote.ts";
import { appError, invalidInput } from "../lib/errors.ts";
import { takeToken } from "../lib/rateLimit.ts";
import * as Cancellations from "./cancellations.ts";
import * as Holds from "./holds.ts";
import type { Actor } from "./orderEvents.ts";
import * as Orders from "./orders.ts";
import * as PaymentRecords from "./paymentRecords.ts";
import type { StartedPayment } from "./paymentStart.ts";
import * as PaymentStart from "./paymentStart.ts";
import * as PlacedOrders from "./placedOrders.ts";
import type { PricedCart } from "./quotes.ts";
import * as Quotes from "./quotes.ts";
import { getSettings } from "./settings.ts";

type Entries = Pick<Doc<"checkouts">, "contact" | "address" | "deliveryMethod">;
type Shopper = { userId: Id<"users">; actor: Actor };

const NOTHING_ENTERED: Entries = { contact: null, address: null, deliveryMethod: null };

export async function find(
  ctx: Pick<QueryCtx, "db">,
  userId: Id<"users">,
): Promise<Doc<"checkouts"> | null> {
  return await ctx.db
    .query("checkouts")
    .withIndex("by_userId", (q) => q.eq("userId", userId))
    .unique();
}

/** Throws INVALID_INPUT for the first field that is wrong. */
export async function setContact(
  ctx: MutationCtx,
  { userId, contact }: { userId: Id<"users">; contact: Contact },
): Promise<void> {
  const normal = normalizeContact(contact);
  const [problem] = contactProblems(normal);
  if (problem !== undefined) throw invalidInput(problem.field, problem.reason);
  await write(ctx, userId, { contact: normal });
}

/** Throws INVALID_INPUT for the first field that is wrong. */
export async function setAddress(
  ctx: MutationCtx,
  { userId, address }: { userId: Id<"users">; address: Address },
): Promise<void> {
  const normal = normalizeAddress(address);
  const { countries } = await getSettings(ctx);
  const [problem] = addressProblems(normal, countries);
  if (problem !== undefined) throw invalidInput(problem.field, problem.reason);
  await write(ctx, userId, { address: normal });
}

/** Throws INVALID_INPUT when the method cannot carry what is in the cart. */
export async function setDelivery(
  ctx: MutationCtx,
  { userId, methodId }: { userId: Id<"users">; methodId: DeliveryMethodId },
): Promise<void> {
  const settings = await getSettings(ctx);
  const priced = await Quotes.priceCart(ctx, { userId, settings, deliveryMethod: methodId });
  if (!priced.deliveryOptions.some(({ method }) => method.id === methodId)) {
    throw invalidInput("deliveryMethod", "unavailable");
  }
  await write(ctx, userId, { deliveryMethod: methodId });
}

/**
 * Turns the cart into an order that waits for its payment: prices it anew, sets the stock aside,
 * and keeps everything as a snapshot. Asked again for the same quote (a second tab, a double
 * click), it answers with the same order; asked with another one, the new order replaces the old.
 * Throws CART_EMPTY, INVALID_INPUT, LINE_UNAVAILABLE, PRICE_CHANGED, QUOTE_STALE, OUT_OF_STOCK,
 * PAYMENT_PENDING, RATE_LIMITED.
 */
export async function begin(
  ctx: MutationCtx,
  options: Shopper & { quoteVersion: string; method: PaymentMethod },
): Promise<StartedPayment> {
  const { userId, actor, quoteVersion, method } = options;
  await takeToken(ctx, "beginCheckout", userId);
  const settings = await getSettings(ctx);
  if (!settings.paymentMethods.includes(method)) {
    throw invalidInput("paymentMethod", "unsupported");
  }
  const checkout = await find(ctx, userId);
  const { deliveryMethod } = checkout ?? NOTHING_ENTERED;
  const priced = await Quotes.priceCart(ctx, { userId, settings, deliveryMethod });
  if (priced.items.length === 0) throw appError({ code: "CART_EMPTY" });
  const entries = requireEntries(checkout);
  const quote = requireQuote(priced, quoteVersion);
  const open = await findOpenOrder(ctx, checkout);
  if (open !== null && isSameCheckout(open, { ...entries, quoteVersion })) {
    return await PaymentStart.start(ctx, { order: open, method });
  }
  if (open !== null) {
    await Cancellations.cancel(ctx, { order: open, actor, reason: { kind: "replaced" } });
  }
  const agreed = { priced, quote, paymentMethod: method };
  const order = await PlacedOrders.place(ctx, { userId, actor, ...entries, ...agreed });
  await write(ctx, userId, { orderId: order._id });
  return await PaymentStart.start(ctx, { order, method });
}

/** The shopper gives up an unpaid order; the cart stays. Throws NOT_FOUND, ORDER_NOT_PAYABLE. */
export async function abandon(
  ctx: MutationCtx,
  { userId, actor, orderId }: Shopper & { orderId: Id<"orders"> },
): Promise<void> {
  const order = await Orders.getOwnById(ctx, { orderId, userId });
  if (order.fulfilment === "cancelled") return;
  if (!canPay(order)) throw appError({ code: "ORDER_NOT_PAYABLE" });
  await Cancellations.cancel(ctx, { order, actor, reason: { kind: "abandoned" } });
}

/**
 * Fifteen more minutes, or a new hold if the old one has lapsed.
 * Throws NOT_FOUND, ORDER_NOT_PAYABLE, OUT_OF_STOCK, LINE_UNAVAILABLE.
 */
export async function extendHold(
  ctx: MutationCtx,
  { userId, orderId }: { userId: Id<"users">; orderId: Id<"orders"> },
): Promise<{ holdExpiresAt: number }> {
  const order = await Orders.getOwnById(ctx, { orderId, userId });
  if (!canPay(order)) throw appError({ code: "ORDER_NOT_PAYABLE" });
  const lines = await Orders.listLines(ctx, orderId);
  const until = Date.now() + HOLD_TTL_MS;
  const missing = await Holds.ensure(ctx, { orderId, lines, until });
  if (missing !== null) throw appError(missing);
  return { holdExpiresAt: (await Holds.findExpiry(ctx, orderId)) ?? until };
}

/** The open order of the checkout; throws PAYMENT_PENDING while its payment is being decided. */
async function findOpenOrder(
  ctx: MutationCtx,
  checkout: Doc<"checkouts"> | null,
): Promise<Doc<"orders"> | null> {
  if (checkout === null || checkout.orderId === null) return null;
  const order = await ctx.db.get("orders", checkout.orderId);
  if (order === null || !canPay(order)) return null;
  const payments = await PaymentRecords.listOfOrder(ctx, order._id);
  const busy = payments.find(({ status }) => isInFlight(status));
  if (busy !== undefined) throw appError({ code: "PAYMENT_PENDING", reason: busy.status });
  return order;
}

type CompleteEntries = { [Field in keyof Entries]: NonNullable<Entries[Field]> };

function requireEntries(checkout: Doc<"checkouts"> | null): CompleteEntries {
  const { contact, address, deliveryMethod } = checkout ?? NOTHING_ENTERED;
  if (contact === null) throw invalidInput("contact", "required");
  if (address === null) throw invalidInput("address", "required");
  if (deliveryMethod === null) throw invalidInput("deliveryMethod", "required");
  return { contact, address, deliveryMethod };
}

/** The quote that the shopper saw is the quote that holds now, or we say what is different. */
function requireQuote({ quote, problems }: PricedCart, quoteVersion: string): QuoteTotals {
  const [problem] = problems;
  if (problem !== undefined) throw appError(problem);
  if (quote?.version !== quoteVersion) throw appError({ code: "QUOTE_STALE" });
  return quote;
}

function isSameCheckout(
  order: Doc<"orders">,
  entries: CompleteEntries & { quoteVersion: string },
): boolean {
  return (
    order.quoteVersion === entries.quoteVersion &&
    JSON.stringify(normalizeContact(order.contact)) ===
      JSON.stringify(normalizeContact(entries.contact)) &&
    JSON.stringify(normalizeAddress(order.address)) ===
      JSON.stringify(normalizeAddress(entries.address))
  );
}

async function write(
  ctx: MutationCtx,
  userId: Id<"users">,
  values: Partial<Pick<Doc<"checkouts">, keyof Entries | "orderId">>,
): Promise<void> {
  const checkout = await find(ctx, userId);
  const updatedAt = Date.now();
  if (checkout !== null) {
    await ctx.db.patch("checkouts", checkout._id, { ...values, updatedAt });
    return;
  }
  const fresh = { userId, ...NOTHING_ENTERED, orderId: null };
  await ctx.db.insert("checkouts", { ...fresh, ...values, updatedAt });
}
