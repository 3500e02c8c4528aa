import { DirectAggregate } from "@convex-dev/aggregate";
import type { Infer } from "convex/values";

import { components } from "../_generated/api";
import type { Doc, Id } from "../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../_generated/server";
import type { OrderState } from "../domain/order.ts";
import { vOrderCounts } from "../tables/orderViews.ts";

type Shelf = OrderState | "all";

/** `placedAt` and `_creationTime`, as the orders' indexes end. */
type Place = [number, number];

/**
 * How many orders there are, of each state and in all, and their sums in minor units. Writes are
 * queued with the order's transaction and applied right after it, one by one: orders placed at the
 * same moment do not wait for each other, and counts follow within moments.
 */
const totals = new DirectAggregate<{ Namespace: Shelf; Key: Place; Id: Id<"orders"> }>(
  components.orderTotals,
);

// Reads must say so while writes are queued.
const QUEUED = { stale: true } as const;

type Counter = Pick<QueryCtx, "runQuery" | "meta">;

/** Counts an order. Counting it again changes nothing. */
export async function add(ctx: MutationCtx, order: Doc<"orders">): Promise<void> {
  await totals.enqueueBatch(
    ctx,
    (["all", order.state] as const).map((namespace) => ({
      type: "insertIfDoesNotExist",
      ...{ namespace, key: placeOf(order), id: order._id, sumValue: order.total.amount },
    })),
  );
}

/** Counts an order, given as it was, under its new state. */
export async function move(
  ctx: MutationCtx,
  order: Doc<"orders">,
  state: OrderState,
): Promise<void> {
  if (order.state === state) return;
  const key = placeOf(order);
  await totals.replaceOrInsert(
    ctx,
    { namespace: order.state, key, id: order._id },
    { namespace: state, key, sumValue: order.total.amount },
    { async: true },
  );
}

export async function count(ctx: Counter, shelf: Shelf): Promise<number> {
  return await totals.count(ctx, { namespace: shelf, ...QUEUED });
}

export async function countEach(ctx: Counter): Promise<Infer<typeof vOrderCounts>> {
  const shelves = Object.keys(vOrderCounts.fields) as (keyof typeof vOrderCounts.fields)[];
  const counts = await totals.countBatch(
    ctx,
    shelves.map((namespace) => ({ namespace })),
    QUEUED,
  );
  const entries = shelves.map((shelf, i) => [shelf, counts[i] ?? 0] as const);
  return Object.fromEntries(entries) as Infer<typeof vOrderCounts>;
}

/** Where the order stands that `offset` younger ones precede; `offset` is less than the count. */
export async function placeAt(ctx: Counter, shelf: Shelf, offset: number): Promise<Place> {
  const { key } = await totals.at(ctx, -offset - 1, { namespace: shelf, ...QUEUED });
  return key;
}

function placeOf({ placedAt, _creationTime }: Doc<"orders">): Place {
  return [placedAt, _creationTime];
}
