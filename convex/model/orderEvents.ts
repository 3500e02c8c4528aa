import type { Doc, Id } from "../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../_generated/server";
import type { Money } from "../domain/money.ts";
import type { Viewer } from "../lib/viewer.ts";

/** Who did it, by name as it was then. */
export type Actor = Doc<"orderEvents">["actor"];

export const SYSTEM: Actor = { kind: "system", userId: null, name: null };

/** The owner of an order; a guest has no name here. */
export function customer({ userId, user }: Viewer): Actor {
  return { kind: "customer", userId, name: fullName(user) };
}

export function staff({ userId, user }: Viewer): Actor {
  return { kind: "staff", userId, name: fullName(user) };
}

// Every event is caused by a transition or a payment fact, and both are few.
const MAX_EVENTS = 200;

export async function add(
  ctx: MutationCtx,
  event: {
    orderId: Id<"orders">;
    kind: Doc<"orderEvents">["kind"];
    actor: Actor;
    note?: string;
    amount?: Money;
    at?: number;
  },
): Promise<void> {
  const { orderId, kind, actor, note = null, amount = null, at = Date.now() } = event;
  await ctx.db.insert("orderEvents", { orderId, kind, at, actor, note, amount });
}

/** The timeline, oldest first. */
export async function list(
  ctx: Pick<QueryCtx, "db">,
  orderId: Id<"orders">,
): Promise<Doc<"orderEvents">[]> {
  return await ctx.db
    .query("orderEvents")
    .withIndex("by_orderId_and_at", (q) => q.eq("orderId", orderId))
    .take(MAX_EVENTS);
}

function fullName({ firstName, lastName }: Doc<"users">): string | null {
  const name = `${firstName} ${lastName}`.trim();
  return name === "" ? null : name;
}
