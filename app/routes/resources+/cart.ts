import { type ActionFunctionArgs, redirect } from "@remix-run/node";
import type { ConvexHttpClient } from "convex/browser";
import { z } from "zod";

import { asAppError } from "#app/lib/errors.ts";
import { isArgumentRefusal, UnavailableError } from "#app/server/convex.server.ts";
import { placeToReturn } from "#app/server/safe-redirect.server.ts";
import { redirectWithToast } from "#app/server/toast.server.ts";
import { sentenceFor, translate } from "#app/server/translator.server.ts";
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

type Change = z.infer<typeof vChange>;
type Outcome =
  | { readonly ok: true; readonly count: number }
  | { readonly ok: false; readonly error: AppError | "unavailable" };

/**
 * Changes the cart: `intent` with its fields, see `vChange`. A visitor without an identity becomes a
 * guest here. Scripts get `{ ok, count }` or `{ ok, error }`; a plain form goes back to `redirectTo`
 * with a notice.
 */
export async function action({ request, context }: ActionFunctionArgs) {
  const form = await request.formData();
  const change = vChange.safeParse(Object.fromEntries(form));
  const outcome: Outcome = change.success
    ? await apply(change.data, context)
    : { ok: false, error: { code: "INVALID_INPUT", field: "quantity", reason: "format" } };
  if (!request.headers.get("accept")?.includes("text/html")) {
    return Response.json(outcome, { status: outcome.ok ? 200 : 400 });
  }
  const back = placeToReturn(form);
  if (!outcome.ok) {
    return redirectWithToast(context, back, { tone: "warning", text: sentenceFor(outcome.error) });
  }
  const isAddition = change.data?.intent === "add";
  return isAddition
    ? redirectWithToast(context, back, { tone: "success", text: translate("cart.added") })
    : redirect(back);
}

async function apply(change: Change, context: ActionFunctionArgs["context"]): Promise<Outcome> {
  try {
    const token = await context.session.ensureIdentity();
    return { ok: true, count: await send(context.connection.client(token), change) };
  } catch (error) {
    const refusal = asAppError(error);
    if (refusal?.code === "SESSION_ENDED") return applyAnew(change, context);
    if (refusal !== null) return { ok: false, error: refusal };
    if (error instanceof UnavailableError) return { ok: false, error: "unavailable" };
    if (isArgumentRefusal(error)) {
      return { ok: false, error: { code: "NOT_FOUND", what: "variant" } };
    }
    throw error;
  }
}

/** The session was ended elsewhere; what was meant for the cart goes into a new guest's. */
async function applyAnew(change: Change, context: ActionFunctionArgs["context"]): Promise<Outcome> {
  context.session.forget();
  return apply(change, context);
}

function send(client: ConvexHttpClient, change: Change): Promise<number> {
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

function fields<T extends Change>({ intent: _intent, ...rest }: T): Omit<T, "intent"> {
  return rest;
}
