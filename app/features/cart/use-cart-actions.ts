import { useRevalidator } from "@remix-run/react";
import { useMutation } from "convex/react";
import type { OptimisticLocalStore } from "convex/browser";
import type { FunctionReturnType } from "convex/server";
import type { GenericId } from "convex/values";
import { useMemo } from "react";
import { useTranslations } from "use-intl";

import { useToast } from "#app/components/ui/toast.tsx";
import { useIdentityKey } from "#app/lib/convex-connection.tsx";
import { useErrorMessage } from "#app/lib/error-message.ts";
import { asAppError, needsSignIn } from "#app/lib/errors.ts";
import { api } from "#convex/_generated/api.js";

/** Where a plain form posts the same changes: `intent` is the name of the function here. */
export const CART_ACTION = "/resources/cart";

/** Once the change is in the cart, or the sentence why it is not. */
export type CartOutcome =
  { readonly ok: true; readonly count: number } | { readonly ok: false; readonly message: string };

type Cart = FunctionReturnType<typeof api.shop.cart.get>;
type CartLine = Cart["lines"][number];
type Addition = { readonly variantId: GenericId<"variants">; readonly quantity: number };

/**
 * Changes to the cart. With an identity they go over the socket and show at once; the first change of
 * a visitor without one goes through the web server, which makes the guest.
 */
export function useCartActions() {
  const hasIdentity = useIdentityKey() !== null;
  const { revalidate } = useRevalidator();
  const describe = useErrorMessage();
  const t = useTranslations("errors");
  const add = useMutation(api.shop.cart.add).withOptimisticUpdate(showAddition);
  const setQuantity = useMutation(api.shop.cart.setQuantity).withOptimisticUpdate(showQuantity);
  const remove = useMutation(api.shop.cart.remove).withOptimisticUpdate(showRemoval);
  const restore = useMutation(api.shop.cart.restore).withOptimisticUpdate(showAddition);
  const acknowledgeChanges = useMutation(api.shop.cart.acknowledgeChanges);

  async function change<Args extends Record<string, string | number>>(
    intent: string,
    send: (args: Args) => Promise<number>,
    args: Args,
  ): Promise<CartOutcome> {
    if (hasIdentity) {
      try {
        return { ok: true, count: await send(args) };
      } catch (error) {
        const refusal = asAppError(error);
        if (refusal === null || !needsSignIn(refusal))
          return { ok: false, message: describe(error) };
      }
    }
    const outcome = await post(intent, args);
    const isAway = !outcome.ok && outcome.error === "unavailable";
    // Out of reach, a page that loads anew would lose what stands on it.
    if (!isAway) revalidate();
    if (outcome.ok) return outcome;
    return { ok: false, message: isAway ? t("unavailable") : describe(outcome.error) };
  }

  return useMemo(
    () => ({
      add: (args: Addition) => change("add", add, args),
      setQuantity: (args: { readonly lineId: GenericId<"cartLines">; readonly quantity: number }) =>
        change("setQuantity", setQuantity, args),
      remove: (args: { readonly lineId: GenericId<"cartLines"> }) => change("remove", remove, args),
      restore: (args: Addition) => change("restore", restore, args),
      acknowledgeChanges: () => change("acknowledgeChanges", acknowledgeChanges, {}),
    }),
    // The mutations are new functions each render, and mean the same.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [hasIdentity, revalidate, describe, t],
  );
}

export type CartActions = ReturnType<typeof useCartActions>;

/** Takes a line out and offers to put it back, as far as the stock still allows. */
export function useRemoval(actions: CartActions): (line: CartLine) => void {
  const t = useTranslations("cart");
  const showToast = useToast();
  return (line) => {
    void actions.remove({ lineId: line.id }).then((outcome) => {
      if (!outcome.ok) {
        showToast({ tone: "warning", text: outcome.message });
        return;
      }
      const { variantId, quantity } = line;
      showToast({
        text: t("removed", { name: line.name }),
        action: {
          label: t("undo"),
          onSelect: () => void actions.restore({ variantId, quantity }),
        },
      });
    });
  };
}

type PostOutcome =
  { readonly ok: true; readonly count: number } | { readonly ok: false; readonly error: unknown };

async function post(intent: string, args: Record<string, string | number>): Promise<PostOutcome> {
  const body = new URLSearchParams({ intent });
  for (const [name, value] of Object.entries(args)) body.set(name, String(value));
  try {
    const response = await fetch(CART_ACTION, {
      method: "POST",
      headers: { Accept: "application/json" },
      body,
    });
    return (await response.json()) as PostOutcome;
  } catch {
    // No connection, or an answer from something in between.
    return { ok: false, error: "unavailable" };
  }
}

function showAddition(store: OptimisticLocalStore, { quantity }: Addition): void {
  showCount(store, quantity);
}

function showQuantity(
  store: OptimisticLocalStore,
  { lineId, quantity }: { lineId: GenericId<"cartLines">; quantity: number },
): void {
  showLines(store, (line) => (line.id === lineId ? withQuantity(line, quantity) : [line]));
}

function showRemoval(
  store: OptimisticLocalStore,
  { lineId }: { lineId: GenericId<"cartLines"> },
): void {
  showLines(store, (line) => (line.id === lineId ? [] : [line]));
}

function withQuantity(line: CartLine, quantity: number): CartLine[] {
  if (quantity === 0) return [];
  const amount = line.unitPrice.amount * quantity;
  return [{ ...line, quantity, lineTotal: { ...line.lineTotal, amount } }];
}

/** What the lines are is known at once; delivery, tax and the total are the server's to say. */
function showLines(store: OptimisticLocalStore, update: (line: CartLine) => CartLine[]): void {
  const cart = store.getQuery(api.shop.cart.get, {});
  if (cart === undefined) return;
  const lines = cart.lines.flatMap(update);
  const count = countOf(lines);
  store.setQuery(api.shop.cart.get, {}, { ...cart, lines, count });
  showCount(store, count - cart.count);
}

function countOf(lines: readonly CartLine[]): number {
  return lines.reduce((sum, line) => sum + line.quantity, 0);
}

function showCount(store: OptimisticLocalStore, difference: number): void {
  const count = store.getQuery(api.shop.cart.count, {});
  if (count !== undefined) store.setQuery(api.shop.cart.count, {}, count + difference);
}
