import type { Infer } from "convex/values";

import type { Doc } from "../_generated/dataModel";
import type { MutationCtx } from "../_generated/server";
import type { Money } from "../domain/money.ts";
import { sum } from "../domain/money.ts";
import { canPay, isPaid } from "../domain/order.ts";
import { transferInstructions } from "../domain/transfer.ts";
import type { vMailTask } from "../tables/mailTasks.ts";
import * as Orders from "./orders.ts";
import * as PaymentRecords from "./paymentRecords.ts";
import * as Refunds from "./refunds.ts";
import type { ShopSettings } from "./settings.ts";
import { getSettings } from "./settings.ts";

type MailTask = Infer<typeof vMailTask>;

/** A queued mail with what it tells. `siteUrl` is the shop's public address. */
export async function compose(
  ctx: Pick<MutationCtx, "db">,
  email: Doc<"emails">,
  siteUrl: string,
): Promise<MailTask> {
  const order = await Orders.getById(ctx, email.template.orderId);
  const [lines, settings] = await Promise.all([Orders.listLines(ctx, order._id), getSettings(ctx)]);
  const { number, contact, placedAt, address, paymentMethod, shipment } = order;
  const { subtotal, discount, deliveryPrice, taxIncluded, total } = order;
  const { name, minDays, maxDays } = order.delivery;
  const waitsForTransfer = paymentMethod === "bankTransfer" && canPay(order);
  return {
    to: email.to,
    idempotencyKey: email.idempotencyKey,
    kind: email.template.kind,
    sender: { shopName: settings.shopName, address: senderAddress(settings) },
    data: {
      shopName: settings.shopName,
      number,
      orderUrl: new URL(`/account/orders/${number}`, siteUrl).href,
      customerName: contact.name,
      placedAt,
      lines: lines.map(mailLine),
      ...{ subtotal, discount, deliveryPrice, taxIncluded, total },
      address,
      delivery: { name, minDays, maxDays },
      paymentMethod,
      paymentStatus: paymentStatusOf(order),
      transfer: waitsForTransfer ? transferInstructions(settings.bankAccount, order) : null,
      shipment,
      refund: await refundOf(ctx, email, order),
    },
  };
}

function mailLine(line: Doc<"orderLines">): MailTask["data"]["lines"][number] {
  const { name, optionLabel, quantity, lineTotal } = line;
  return { name, optionLabel, quantity, lineTotal };
}

function paymentStatusOf(order: Doc<"orders">): MailTask["data"]["paymentStatus"] {
  if (isPaid(order)) return "paid";
  return order.payment === "pending" ? "waiting" : "none";
}

/** One refund for the mail about it; all of them together for a cancelled order. */
async function refundOf(
  ctx: Pick<MutationCtx, "db">,
  email: Doc<"emails">,
  order: Doc<"orders">,
): Promise<Money | null> {
  const { refundId } = email.template;
  if (refundId !== null) return (await ctx.db.get("refunds", refundId))?.amount ?? null;
  const payments = await PaymentRecords.listOfOrder(ctx, order._id);
  const refunds = await Promise.all(payments.map(({ _id }) => Refunds.listOfPayment(ctx, _id)));
  const amounts = refunds.flat().map(({ amount }) => amount);
  return amounts.length === 0 ? null : sum(amounts, order.total.currency);
}

function senderAddress({ contact }: ShopSettings): string {
  const { company, street, postalCode, city, email } = contact;
  const place = `${postalCode} ${city}`.trim();
  return [company, street, place, email].filter((part) => part !== "").join(", ");
}
