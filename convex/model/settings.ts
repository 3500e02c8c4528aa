import type { WithoutSystemFields } from "convex/server";

import type { Doc } from "../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../_generated/server";
import { money } from "../domain/money.ts";

export type ShopSettings = WithoutSystemFields<Doc<"settings">>;

/** What a new shop starts with; a manager changes it, or the demo import does. */
export const DEFAULT_SETTINGS: ShopSettings = {
  key: "shop",
  shopName: "Vitrine",
  tagline: "",
  announcement: null,
  currency: "EUR",
  countries: ["DE", "AT", "FR", "NL", "BE", "IE", "ES", "IT", "SE", "DK", "FI", "PL"],
  taxRateBasisPoints: 1900,
  deliveryMethods: [
    {
      id: "standard",
      name: "Standard delivery",
      price: money(490),
      freeFrom: money(8000),
      minDays: 2,
      maxDays: 4,
      minWeightGrams: 0,
      maxWeightGrams: 12_000,
    },
    {
      id: "express",
      name: "Express delivery",
      price: money(1290),
      freeFrom: null,
      minDays: 1,
      maxDays: 1,
      minWeightGrams: 0,
      maxWeightGrams: 12_000,
    },
    {
      id: "large-item",
      name: "Large item delivery",
      price: money(4900),
      freeFrom: null,
      minDays: 5,
      maxDays: 10,
      minWeightGrams: 12_001,
      maxWeightGrams: null,
    },
  ],
  paymentMethods: ["paypal", "bankTransfer"],
  lowStockThreshold: 3,
  bankAccount: { holder: "", iban: "", bic: "", bankName: "" },
  contact: { company: "", street: "", postalCode: "", city: "", country: "", email: "", phone: "" },
};

export async function getSettings(ctx: Pick<QueryCtx, "db">): Promise<ShopSettings> {
  return (await findRow(ctx)) ?? DEFAULT_SETTINGS;
}

export async function putSettings(
  ctx: MutationCtx,
  values: Partial<Omit<ShopSettings, "key">>,
): Promise<void> {
  const row = await findRow(ctx);
  if (row === null) await ctx.db.insert("settings", { ...DEFAULT_SETTINGS, ...values });
  else await ctx.db.patch("settings", row._id, values);
}

async function findRow(ctx: Pick<QueryCtx, "db">): Promise<Doc<"settings"> | null> {
  return await ctx.db
    .query("settings")
    .withIndex("by_key", (q) => q.eq("key", "shop"))
    .unique();
}
