import type { ConvexHttpClient } from "convex/browser";
import type { GenericId } from "convex/values";
import * as z from "zod";

import { asAppError } from "#app/lib/errors.ts";
import type { AppContext } from "#app/server/app-context.server.ts";
import { isArgumentRefusal, isTokenRejection, isUnavailable } from "#app/server/convex.server.ts";
import { api } from "#convex/_generated/api.js";

import type { AppError } from "#convex/domain/errors.ts";

const vQuantity = z.coerce.number().int().min(0).max(9_999);

function id<Table extends "variants" | "cartLines">() {
  // Which table it is of, only Convex can tell.
  return z.custom<GenericId<Table>>(
    (value) => typeof value === "string" && /^[a-z0-9]{16,64}$/.test(value),
  );
}

const vChange = z.discriminatedUnion("intent", [
  z.object({ intent: z.literal("add"), variantId: id<"variants">(), quantity: vQuantity.min(1) }),
  z.object({ intent: z.literal("setQuantity"), lineId: id<"cartLines">(), quantity: vQuantity }),
  z.object({ intent: z.literal("remove"), lineId: id<"cartLines">() }),
  z.object({
    intent: z.literal("restore"),
    variantId: id<"variants">(),
    quantity: vQuantity.min(1),
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
    if (isUnavailable(error)) return { ok: false, error: "unavailable" };
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
    const isOver = isTokenRejection(error) || asAppError(error)?.code === "SESSION_ENDED";
    if (!isOver) throw error;
    session.forget();
    return send(connection.client(await session.ensureIdentity()), change);
  }
}

function send(client: ConvexHttpClient, change: CartChange): Promise<number> {
  switch (change.intent) {
    case "add": {
      const { variantId, quantity } = change;
      return client.mutation(api.shop.cart.add, { variantId, quantity });
    }
    case "setQuantity": {
      const { lineId, quantity } = change;
      return client.mutation(api.shop.cart.setQuantity, { lineId, quantity });
    }
    case "remove":
      return client.mutation(api.shop.cart.remove, { lineId: change.lineId });
    case "restore": {
      const { variantId, quantity } = change;
      return client.mutation(api.shop.cart.restore, { variantId, quantity });
    }
    case "acknowledgeChanges":
      return client.mutation(api.shop.cart.acknowledgeChanges, {});
  }
}
