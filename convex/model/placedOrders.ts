import type { Doc, Id } from "../_generated/dataModel";
import type { MutationCtx } from "../_generated/server";
import type { Address, Contact } from "../domain/address.ts";
import { optionLabel } from "../domain/catalog.ts";
import type { DeliveryMethodId } from "../domain/delivery.ts";
import { PAYABLE_TTL_MS } from "../domain/hold.ts";
import { orderState } from "../domain/order.ts";
import type { PaymentMethod } from "../domain/payment.ts";
import type { QuoteTotals } from "../domain/quote.ts";
import { invalidInput } from "../lib/errors.ts";
import type { CartItem } from "./cart.ts";
import type { Actor } from "./orderEvents.ts";
import * as OrderEvents from "./orderEvents.ts";
import * as OrderTotals from "./orderTotals.ts";
import * as Orders from "./orders.ts";
import type { PricedCart } from "./quotes.ts";

export type Agreement = {
  userId: Id<"users">;
  actor: Actor;
  contact: Contact;
  address: Address;
  deliveryMethod: DeliveryMethodId;
  paymentMethod: PaymentMethod;
  priced: PricedCart;
  quote: QuoteTotals;
};

/** Writes down what was agreed: everything that may change later is copied. */
export async function place(ctx: MutationCtx, agreement: Agreement): Promise<Doc<"orders">> {
  const { userId, actor, contact, address, paymentMethod, priced, quote } = agreement;
  const axes = { payment: "awaiting", fulfilment: "unfulfilled" } as const;
  const number = await Orders.nextNumber(ctx);
  const placedAt = Date.now();
  const orderId = await ctx.db.insert("orders", {
    ...{ number, userId, ...axes, state: orderState(axes), attention: null, paymentMethod },
    ...{ contact, address, delivery: deliveryOf(agreement) },
    ...{ quoteVersion: quote.version, subtotal: quote.subtotal, discount: quote.discount },
    ...{ deliveryPrice: quote.delivery, taxIncluded: quote.taxIncluded, total: quote.total },
    itemCount: priced.items.reduce((count, { line }) => count + line.quantity, 0),
    ...{ shipment: null, cancelReason: null, customerNote: null },
    payableUntil: placedAt + PAYABLE_TTL_MS,
    placedAt,
    searchText: searchText({ number, contact, address }),
  });
  for (const [position, item] of priced.items.entries()) {
    await ctx.db.insert("orderLines", snapshot(orderId, position, item, quote));
  }
  const amount = quote.total;
  await OrderEvents.add(ctx, { orderId, kind: "placed", actor, amount, at: placedAt });
  const order = await Orders.getById(ctx, orderId);
  await OrderTotals.add(ctx, order);
  return order;
}

/** What staff find an order by. */
export function searchText(order: { number: string; contact: Contact; address: Address }): string {
  const { number, contact, address } = order;
  return [number, contact.name, contact.email, address.name, address.city].join(" ");
}

function deliveryOf({ priced, deliveryMethod }: Agreement): Doc<"orders">["delivery"] {
  const option = priced.deliveryOptions.find(({ method }) => method.id === deliveryMethod);
  if (option === undefined) throw invalidInput("deliveryMethod", "unavailable");
  const { id: methodId, name, minDays, maxDays } = option.method;
  return { methodId, name, minDays, maxDays };
}

function snapshot(
  orderId: Id<"orders">,
  position: number,
  { line, variant, product }: CartItem,
  quote: QuoteTotals,
) {
  const lineTotal = quote.lineTotals[position];
  if (lineTotal === undefined) throw new Error(`The quote has no line ${position}`);
  return {
    orderId,
    position,
    productId: product._id,
    variantId: variant._id,
    productSlug: product.slug,
    sku: variant.sku,
    name: product.name,
    optionLabel: optionLabel(product.options, variant.options),
    quantity: line.quantity,
    unitPrice: variant.price,
    lineTotal,
    weightGrams: variant.weightGrams,
    picture: product.pictures[variant.pictureIndex] ?? product.pictures[0] ?? null,
    tint: product.tint,
  };
}
