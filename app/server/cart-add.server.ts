import { type ActionFunctionArgs, data } from "@remix-run/node";
import { z } from "zod";

import { parseForm, refuseForm } from "#app/server/forms.server.ts";
import { redirectWithToast } from "#app/server/toast.server.ts";
import { translate } from "#app/server/translator.server.ts";
import { api } from "#convex/_generated/api.js";
import type { Id } from "#convex/_generated/dataModel.js";

const vLine = z.object({
  variantId: z
    .string()
    .min(1)
    .max(64)
    .transform((id) => id as Id<"variants">),
  name: z.string().max(200),
  quantity: z.coerce.number().int().min(1).max(9999),
  /** Set by scripts: the page stays and says it itself. */
  stay: z.literal("1").optional(),
});

/**
 * Puts what a form names into the visitor's cart; a visitor without an identity becomes a guest now.
 * Gives `{ added }` to a page with scripts, leads to the cart without, and gives a `FormRefusal` when
 * the shop says no.
 */
export async function addToCart({ request, context }: ActionFunctionArgs) {
  const form = await request.formData();
  const parsed = parseForm(form, vLine);
  if (!parsed.ok) return data(parsed.refusal, 400);
  const { variantId, name, quantity, stay } = parsed.value;
  try {
    const client = context.connection.client(await context.session.ensureIdentity());
    await client.mutation(api.shop.cart.add, { variantId, quantity });
  } catch (error) {
    return refuseForm(error, form);
  }
  if (stay === "1") return { added: { variantId, quantity, key: context.requestId } };
  return redirectWithToast(context, "/cart", {
    tone: "success",
    text: translate("product.added", { name }),
  });
}
