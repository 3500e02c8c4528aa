import { type ActionFunctionArgs, data } from "@remix-run/node";
import type { GenericId } from "convex/values";
import * as z from "zod";

import { parseAmount } from "#app/lib/amount.ts";
import { formatMoney } from "#app/lib/format.ts";
import { parseForm } from "#app/server/forms.server.ts";
import { changeAsStaff, unknownIntent } from "#app/server/staff.server.ts";
import { translate } from "#app/server/translator.server.ts";
import { api } from "#convex/_generated/api.js";
import { money } from "#convex/domain/money.ts";

const MAX_REASON_LENGTH = 200;

// Which table it is of, only Convex can tell.
const vVariantId = z.custom<GenericId<"variants">>(
  (value) => typeof value === "string" && /^[a-z0-9]{16,64}$/.test(value),
);
const vWholeNumber = z
  .string()
  .trim()
  .regex(/^\d{1,12}$/)
  .transform(Number);
const vAmount = z.string().transform((typed, context) => {
  const amount = parseAmount(typed);
  if (amount !== null) return amount;
  context.addIssue({ code: "custom" });
  return z.NEVER;
});
const vNoAmount = z
  .string()
  .trim()
  .length(0)
  .transform(() => null);

const vPriceChange = z.object({
  variantId: vVariantId,
  price: vAmount,
  compareAtPrice: z.union([vNoAmount, vAmount]),
  expected: vWholeNumber,
});
const vStockChange = z.object({
  variantId: vVariantId,
  setTo: vWholeNumber,
  expected: vWholeNumber,
  reason: z.string().trim().min(1).max(MAX_REASON_LENGTH),
});
const vStockChangeInList = vStockChange
  .omit({ reason: true })
  .extend({ name: z.string().max(300) });

/** Changes a price or a count: `intent` is setPrice or adjustStock. */
export async function changeProduct(args: ActionFunctionArgs) {
  const form = await args.request.formData();
  switch (form.get("intent")) {
    case "setPrice":
      return setPrice(args, form);
    case "adjustStock":
      return adjustStock(args, form);
    default:
      return unknownIntent();
  }
}

/** The same count in the list of products, where nobody is asked why. */
export async function changeListedStock(args: ActionFunctionArgs) {
  const form = await args.request.formData();
  const parsed = parseForm(form, vStockChangeInList);
  if (!parsed.ok) return data(parsed.refusal, 400);
  const { name, ...change } = parsed.value;
  const reason = translate("admin.products.countedInList");
  return changeAsStaff(args, form, {
    what: "variant",
    send: async (client) => {
      const count = await client.mutation(api.admin.products.adjustStock, { ...change, reason });
      return translate("admin.products.stockSaved", { name, count });
    },
  });
}

function setPrice(args: ActionFunctionArgs, form: FormData) {
  const parsed = parseForm(form, vPriceChange);
  if (!parsed.ok) return data(parsed.refusal, 400);
  return changeAsStaff(args, form, {
    what: "variant",
    send: async (client) => {
      await client.mutation(api.admin.products.setPrice, parsed.value);
      const price = formatMoney(money(parsed.value.price), "en");
      return translate("admin.product.priceSaved", { price });
    },
  });
}

function adjustStock(args: ActionFunctionArgs, form: FormData) {
  const parsed = parseForm(form, vStockChange);
  if (!parsed.ok) return data(parsed.refusal, 400);
  return changeAsStaff(args, form, {
    what: "variant",
    send: async (client) => {
      const count = await client.mutation(api.admin.products.adjustStock, parsed.value);
      return translate("admin.product.stockSaved", { count });
    },
  });
}
