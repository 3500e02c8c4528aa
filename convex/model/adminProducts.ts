import type { Infer } from "convex/values";

import type { Doc, Id } from "../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../_generated/server";
import { priceSummary } from "../domain/catalog.ts";
import { isPriceAmount, money } from "../domain/money.ts";
import { availableOf } from "../domain/stock.ts";
import { appError, invalidInput, notFound } from "../lib/errors.ts";
import type { vAdminProduct, vAdminProductRow } from "../tables/adminViews.ts";
import { listVariants } from "./catalog.ts";
import { viewPicture } from "./pictures.ts";
import { syncPlacements } from "./placements.ts";
import { getSettings } from "./settings.ts";
import { listProductStock, viewTotalStock } from "./stock.ts";

type Ctx = Pick<QueryCtx, "db" | "storage">;

/** Throws NOT_FOUND. */
export async function getForStaff(ctx: Ctx, idText: string): Promise<Infer<typeof vAdminProduct>> {
  const productId = ctx.db.normalizeId("products", idText);
  const product = productId === null ? null : await ctx.db.get("products", productId);
  if (productId === null || product === null) throw notFound("product");
  const { lowStockThreshold } = await getSettings(ctx);
  const [row, stock, variants] = await Promise.all([
    viewRow(ctx, product, lowStockThreshold),
    listProductStock(ctx, productId),
    listVariants(ctx, productId),
  ]);
  return {
    ...row,
    description: product.description,
    options: product.options,
    variants: variants.map(({ _id: id, sku, options, price, compareAtPrice }) => {
      const { onHand, held } = stock.find(({ variantId }) => variantId === id) ?? {
        onHand: 0,
        held: 0,
      };
      const available = availableOf({ onHand, held });
      return { id, sku, options, price, compareAtPrice, onHand, held, available };
    }),
  };
}

/** Amounts in minor units of the shop's currency. */
export type PriceChange = {
  variantId: Id<"variants">;
  price: number;
  compareAtPrice: number | null;
  /** The price that the manager saw. */
  expected: number;
};

export type ChangedPrice = {
  product: Doc<"products">;
  variant: Doc<"variants">;
};

/**
 * Sets a price everywhere it shows, and returns the rows as they were. Throws NOT_FOUND,
 * INVALID_INPUT, or CONFLICT_STALE when somebody else changed the price meanwhile.
 */
export async function setPrice(ctx: MutationCtx, change: PriceChange): Promise<ChangedPrice> {
  const { variantId, price, compareAtPrice, expected } = change;
  const { variant, product } = await getVariant(ctx, variantId);
  if (!isPriceAmount(price)) throw invalidInput("price", "range");
  if (compareAtPrice !== null) {
    if (!isPriceAmount(compareAtPrice)) throw invalidInput("compareAtPrice", "range");
    if (compareAtPrice <= price) throw invalidInput("compareAtPrice", "notHigher");
  }
  const actual = variant.price.amount;
  if (actual !== expected) {
    throw appError({
      code: "CONFLICT_STALE",
      expected: String(expected),
      actual: String(actual),
    });
  }
  await ctx.db.patch("variants", variantId, {
    price: money(price),
    compareAtPrice: compareAtPrice === null ? null : money(compareAtPrice),
  });
  const prices = priceSummary(await listVariants(ctx, product._id));
  if (prices !== null) await ctx.db.patch("products", product._id, prices);
  await syncPlacements(ctx, product._id);
  return { product, variant };
}

/** A variant with its product. Throws NOT_FOUND. */
export async function getVariant(
  ctx: Pick<QueryCtx, "db">,
  variantId: Id<"variants">,
): Promise<ChangedPrice> {
  const variant = await ctx.db.get("variants", variantId);
  if (variant === null) throw notFound("variant");
  const product = await ctx.db.get("products", variant.productId);
  if (product === null) throw notFound("product");
  return { variant, product };
}

export async function viewRow(
  ctx: Ctx,
  product: Doc<"products">,
  lowStockThreshold: number,
): Promise<Infer<typeof vAdminProductRow>> {
  const [stock, picture, category] = await Promise.all([
    listProductStock(ctx, product._id),
    viewPicture(ctx, product.pictures[0]),
    ctx.db.get("categories", product.categoryId),
  ]);
  const { _id: id, slug, sku, name, brand, status, tint } = product;
  const { price, priceVaries, compareAtPrice } = product;
  return {
    ...{ id, slug, sku, name, brand, status, tint, price, priceVaries, compareAtPrice, picture },
    categoryName: category?.name ?? "",
    stock: viewTotalStock(stock, lowStockThreshold),
    onHand: stock.reduce((total, { onHand }) => total + onHand, 0),
    held: stock.reduce((total, { held }) => total + held, 0),
    onlyVariantId: stock.length === 1 ? (stock[0]?.variantId ?? null) : null,
  };
}
