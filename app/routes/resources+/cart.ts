import { type ActionFunctionArgs, redirect } from "@remix-run/node";

import { type CartOutcome, changeCart, parseCartChange } from "#app/server/cart.server.ts";
import { placeToReturn } from "#app/server/safe-redirect.server.ts";
import { redirectWithToast } from "#app/server/toast.server.ts";
import { sentenceFor, translate } from "#app/server/translator.server.ts";

const NO_CHANGE: CartOutcome = {
  ok: false,
  error: { code: "INVALID_INPUT", field: "quantity", reason: "format" },
};

/**
 * Changes the cart: `intent` with its fields, see `cart.server.ts`. A visitor without an identity becomes a
 * guest here. Scripts get `{ ok, count }` or `{ ok, error }`; a plain form goes back to `redirectTo`
 * with a notice.
 */
export async function action({ request, context }: ActionFunctionArgs) {
  const form = await request.formData();
  const change = parseCartChange(form);
  const outcome = change === null ? NO_CHANGE : await changeCart(change, context);
  if (!request.headers.get("accept")?.includes("text/html")) {
    return Response.json(outcome, { status: outcome.ok ? 200 : 400 });
  }
  const back = placeToReturn(form);
  if (!outcome.ok) {
    return redirectWithToast(context, back, { tone: "warning", text: sentenceFor(outcome.error) });
  }
  const isAddition = change?.intent === "add";
  return isAddition
    ? redirectWithToast(context, back, { tone: "success", text: translate("cart.added") })
    : redirect(back);
}
