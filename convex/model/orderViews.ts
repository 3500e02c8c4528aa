import type { Infer } from "convex/values";

import type { Doc } from "../_generated/dataModel";
import type { QueryCtx } from "../_generated/server";
import type { Money } from "../domain/money.ts";
import { sum } from "../domain/money.ts";
import { canMoveFulfilment, canPay, hasTakenMoney } from "../domain/order.ts";
import { hasPermission } from "../domain/permissions.ts";
import { transferInstructions } from "../domain/transfer.ts";
import type { Viewer } from "../lib/viewer.ts";
import type {
  vAdminOrder,
  vAdminOrderRow,
  vOrderLineView,
  vOrderSummary,
  vOrderView,
  vTimelineEntry,
} from "../tables/orderViews.ts";
import * as Holds from "./holds.ts";
import * as OrderEvents from "./orderEvents.ts";
import * as Orders from "./orders.ts";
import * as PaymentRecords from "./paymentRecords.ts";
import { viewPicture } from "./pictures.ts";
import * as Refunds from "./refunds.ts";
import { getSettings } from "./settings.ts";

type Ctx = Pick<QueryCtx, "db" | "storage">;
type AdminOrder = Infer<typeof vAdminOrder>;
type TimelineEntry = Infer<typeof vTimelineEntry>;

const SUMMARY_PICTURES = 4;

// Matters between the shop and its provider; the buyer hears of them from a person.
const INTERNAL_EVENTS: readonly TimelineEntry["kind"][] = [
  "disputed",
  "paymentReversed",
  "refundFailed",
];

export async function viewOwn(ctx: Ctx, order: Doc<"orders">): Promise<Infer<typeof vOrderView>> {
  const events = await OrderEvents.list(ctx, order._id);
  const timeline = events
    .filter(({ kind }) => !INTERNAL_EVENTS.includes(kind))
    .map(viewEventForCustomer);
  return {
    ...(await viewDetails(ctx, order)),
    timeline,
    canPay: canPay(order),
    canCancel: canMoveFulfilment(order, "cancelled", "customer"),
  };
}

export async function viewForStaff(
  ctx: Ctx,
  { order, viewer }: { order: Doc<"orders">; viewer: Viewer },
): Promise<AdminOrder> {
  const events = await OrderEvents.list(ctx, order._id);
  const customer = order.userId === null ? null : await ctx.db.get("users", order.userId);
  return {
    ...(await viewDetails(ctx, order)),
    timeline: events.map(viewEvent),
    attention: order.attention,
    customer: customer === null ? null : viewCustomer(customer),
    payments: await viewPayments(ctx, order),
    can: {
      ...allowedMoves(order, viewer),
      refund: hasTakenMoney(order) && hasPermission(viewer.role, "order:refund"),
      confirmTransfer:
        canPay(order) &&
        order.paymentMethod === "bankTransfer" &&
        hasPermission(viewer.role, "payment:confirm"),
    },
  };
}

export async function viewSummary(
  ctx: Ctx,
  order: Doc<"orders">,
): Promise<Infer<typeof vOrderSummary>> {
  const lines = await Orders.listLines(ctx, order._id);
  const pictures = await Promise.all(
    lines.slice(0, SUMMARY_PICTURES).map(async ({ name, picture, tint }) => ({
      name,
      tint,
      picture: await viewPicture(ctx, picture),
    })),
  );
  return { ...viewHead(order), pictures };
}

export function viewRow(order: Doc<"orders">): Infer<typeof vAdminOrderRow> {
  const { attention, contact, paymentMethod } = order;
  const { name: customerName, email } = contact;
  return { ...viewHead(order), attention, customerName, email, paymentMethod };
}

function viewHead(order: Doc<"orders">) {
  const { _id: id, number, state, payment, fulfilment, placedAt, itemCount, total } = order;
  return { id, number, state, axes: { payment, fulfilment }, placedAt, itemCount, total };
}

async function viewDetails(ctx: Ctx, order: Doc<"orders">) {
  const { contact, address, delivery, shipment, cancelReason, payableUntil } = order;
  const { subtotal, discount, deliveryPrice, taxIncluded } = order;
  const lines = await Orders.listLines(ctx, order._id);
  return {
    ...viewHead(order),
    ...{ contact, address, delivery, shipment, cancelReason, payableUntil },
    ...{ subtotal, discount, deliveryPrice, taxIncluded },
    lines: await Promise.all(lines.map((line) => viewLine(ctx, line))),
    payment: await viewPayment(ctx, order),
    refunded: await refundedAmount(ctx, order),
    holdExpiresAt: await Holds.findExpiry(ctx, order._id),
  };
}

async function viewLine(ctx: Ctx, line: Doc<"orderLines">): Promise<Infer<typeof vOrderLineView>> {
  const { sku, productSlug, name, optionLabel, quantity, unitPrice, lineTotal, tint } = line;
  const picture = await viewPicture(ctx, line.picture);
  return { sku, productSlug, name, optionLabel, quantity, unitPrice, lineTotal, tint, picture };
}

async function viewPayment(ctx: Ctx, order: Doc<"orders">) {
  const payment = await PaymentRecords.findCurrent(ctx, order._id);
  const waitsForTransfer = canPay(order) && order.paymentMethod === "bankTransfer";
  const { bankAccount } = await getSettings(ctx);
  return {
    id: payment?._id ?? null,
    method: order.paymentMethod,
    status: payment?.status ?? null,
    reason: payment?.reason ?? null,
    transfer: waitsForTransfer ? transferInstructions(bankAccount, order) : null,
  };
}

async function refundedAmount(ctx: Ctx, order: Doc<"orders">): Promise<Money> {
  const payments = await PaymentRecords.listOfOrder(ctx, order._id);
  const refunds = await Promise.all(payments.map(({ _id }) => Refunds.listOfPayment(ctx, _id)));
  const completed = refunds.flat().filter(({ state }) => state === "completed");
  return sum(
    completed.map(({ amount }) => amount),
    order.total.currency,
  );
}

async function viewPayments(ctx: Ctx, order: Doc<"orders">): Promise<AdminOrder["payments"]> {
  const payments = await PaymentRecords.listOfOrder(ctx, order._id);
  return await Promise.all(
    payments.map(async (payment) => {
      const { _id: id, method, status, amount, reason, changedAt } = payment;
      const { providerOrderId, captureId } = payment;
      const facts = await PaymentRecords.listFacts(ctx, id);
      const refunds = await Refunds.listOfPayment(ctx, id);
      return {
        ...{ id, method, status, amount, reason, changedAt, providerOrderId, captureId },
        facts: facts.map(({ at, outcome, fact }) => ({ at, outcome, fact })),
        refunds: refunds.map(viewRefund),
      };
    }),
  );
}

function viewRefund(refund: Doc<"refunds">) {
  const { _id: id, amount, reason, state, providerRefundId, requestedAt } = refund;
  return { id, amount, reason, state, providerRefundId, requestedAt };
}

function viewEvent({ kind, at, actor, note, amount }: Doc<"orderEvents">): TimelineEntry {
  return { kind, at, by: actor.kind, byName: actor.name, note, amount };
}

// Customers know the people of the shop by their first names.
function viewEventForCustomer(event: Doc<"orderEvents">): TimelineEntry {
  const entry = viewEvent(event);
  const firstName = entry.byName?.split(" ")[0] ?? null;
  const byName = entry.by === "staff" ? firstName : entry.byName;
  return { ...entry, byName, note: entry.kind === "paymentCheck" ? null : entry.note };
}

function viewCustomer(user: Doc<"users">): NonNullable<AdminOrder["customer"]> {
  const name = `${user.firstName} ${user.lastName}`.trim();
  return { id: user._id, name, email: user.email, isGuest: user.kind === "guest" };
}

function allowedMoves(order: Doc<"orders">, { role }: Viewer) {
  const fulfils = hasPermission(role, "order:fulfil");
  const cancels = hasPermission(
    role,
    hasTakenMoney(order) ? "order:cancel:paid" : "order:cancel:unpaid",
  );
  const canMove = (to: Doc<"orders">["fulfilment"]) => canMoveFulfilment(order, to, "staff");
  return {
    startProcessing: fulfils && canMove("processing"),
    ship: fulfils && canMove("shipped"),
    deliver: fulfils && canMove("delivered"),
    cancel: cancels && canMove("cancelled"),
  };
}
