import type { ConvexHttpClient } from "convex/browser";
import { z } from "zod";

import { asAppError } from "#app/lib/errors.ts";
import type { AppContext } from "#app/server/app-context.server.ts";
import {
  isArgumentRefusal,
  TokenRejectedError,
  UnavailableError,
} from "#app/server/convex.server.ts";
import { api } from "#convex/_generated/api.js";
import type { Id } from "#convex/_generated/dataModel.js";
import type { AppError } from "#convex/domain/errors.ts";

const quantity = z.coerce.number().int().min(0).max(9_999);

function id<Table extends "variants" | "cartLines">() {
  // Which table it is of, only Convex can tell.
  return z.custom<Id<Table>>(
    (value) => typeof value === "string" && /^[a-z0-9]{16,64}$/.test(value),
  );
}

const vChange = z.discriminatedUnion("intent", [
  z.object({ intent: z.literal("add"), variantId: id<"variants">(), quantity: quantity.min(1) }),
  z.object({ intent: z.literal("setQuantity"), lineId: id<"cartLines">(), quantity }),
  z.object({ intent: z.literal("remove"), lineId: id<"cartLines">() }),
  z.object({
    intent: z.literal("restore"),
    variantId: id<"variants">(),
    quantity: quantity.min(1),
  }),
  z.object({ intent: z.literal("acknowledgeChanges") }),
]);

export type CartChange = z.infer<typeof vChange>;
export type CartOutcome =
  | { readonly ok: true; readonly count: number }
  | { readonly ok: false; readonly error: AppError | "unavailable" };

/** Null for what is no change of a cart. */
export function parseCartChange(form: FormData): CartChange | null {
  return vChange.safeParse(Object.fromEntries(form)).data ?? null;
}

/**
 * Changes the cart; a visitor without an identity becomes a guest here, and so does one whose session
 * was ended elsewhere.
 */
export async function changeCart(change: CartChange, context: AppContext): Promise<CartOutcome> {
  try {
    return { ok: true, count: await sendAsVisitor(change, context) };
  } catch (error) {
    const refusal = asAppError(error);
    if (refusal !== null) return { ok: false, error: refusal };
    if (error instanceof UnavailableError) return { ok: false, error: "unavailable" };
    if (isArgumentRefusal(error)) {
      return { ok: false, error: { code: "NOT_FOUND", what: "variant" } };
    }
    throw error;
  }
}

async function sendAsVisitor(
  change: CartChange,
  { session, connection }: AppContext,
): Promise<number> {
  try {
    return await send(connection.client(await session.ensureIdentity()), change);
  } catch (error) {
    const isOver =
      error instanceof TokenRejectedError || asAppError(error)?.code === "SESSION_ENDED";
    if (!isOver) throw error;
    session.forget();
    return send(connection.client(await session.ensureIdentity()), change);
  }
}

function send(client: ConvexHttpClient, change: CartChange): Promise<number> {
  switch (change.intent) {
    case "add":
      return client.mutation(api.shop.cart.add, fields(change));
    case "setQuantity":
      return client.mutation(api.shop.cart.setQuantity, fields(change));
    case "remove":
      return client.mutation(api.shop.cart.remove, fields(change));
    case "restore":
      return client.mutation(api.shop.cart.restore, fields(change));
    case "acknowledgeChanges":
      return client.mutation(api.shop.cart.acknowledgeChanges, {});
  }
}

function fields<T extends CartChange>({ intent: _intent, ...rest }: T): Omit<T, "intent"> {
  return rest;
}
