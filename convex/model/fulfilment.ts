import type { Doc } from "../_generated/dataModel";
import type { MutationCtx } from "../_generated/server";
import { invalidInput } from "../lib/errors.ts";
import type { Actor } from "./orderEvents.ts";
import * as OrderEvents from "./orderEvents.ts";
import * as Orders from "./orders.ts";
import * as Outbox from "./outbox.ts";

type Shipment = NonNullable<Doc<"orders">["shipment"]>;

const MAX_CARRIER_LENGTH = 60;
const TRACKING_NUMBER = /^[\p{L}\d][\p{L}\d ./-]{2,59}$/u;

/** Packing has begun. Throws ORDER_TRANSITION unless the order is paid and waiting. */
export async function startProcessing(
  ctx: MutationCtx,
  { order, actor }: { order: Doc<"orders">; actor: Actor },
): Promise<void> {
  await Orders.moveFulfilment(ctx, { order, to: "processing", actor });
  await OrderEvents.add(ctx, { orderId: order._id, kind: "processing", actor });
}

/** The parcel has left. Throws ORDER_TRANSITION, INVALID_INPUT. */
export async function ship(
  ctx: MutationCtx,
  options: { order: Doc<"orders">; actor: Actor; shipment: Shipment },
): Promise<void> {
  const { order, actor } = options;
  const shipment = parseShipment(options.shipment);
  await Orders.moveFulfilment(ctx, { order, to: "shipped", actor });
  await ctx.db.patch("orders", order._id, { shipment });
  const note = `${shipment.carrier} ${shipment.trackingNumber}`;
  await OrderEvents.add(ctx, { orderId: order._id, kind: "shipped", actor, note });
  await Outbox.enqueue(ctx, { kind: "shipped", order });
}

/** Throws ORDER_TRANSITION. */
export async function deliver(
  ctx: MutationCtx,
  { order, actor }: { order: Doc<"orders">; actor: Actor },
): Promise<void> {
  await Orders.moveFulfilment(ctx, { order, to: "delivered", actor });
  await OrderEvents.add(ctx, { orderId: order._id, kind: "delivered", actor });
  await Outbox.enqueue(ctx, { kind: "delivered", order });
}

function parseShipment(typed: Shipment): Shipment {
  const carrier = typed.carrier.trim();
  const trackingNumber = typed.trackingNumber.trim();
  if (carrier === "") throw invalidInput("carrier", "required");
  if (carrier.length > MAX_CARRIER_LENGTH) throw invalidInput("carrier", "tooLong");
  if (trackingNumber === "") throw invalidInput("trackingNumber", "required");
  if (!TRACKING_NUMBER.test(trackingNumber)) throw invalidInput("trackingNumber", "format");
  return { carrier, trackingNumber };
}
