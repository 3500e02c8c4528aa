import { register as registerAggregate } from "@convex-dev/aggregate/test";
import { register as registerBatchWorker } from "@convex-dev/batch-worker/test";
import { register as registerMigrations } from "@convex-dev/migrations/test";
import { register as registerPresence } from "@convex-dev/presence/test";
import { register as registerRateLimiter } from "@convex-dev/rate-limiter/test";
import { convexTest } from "convex-test";
import { vi } from "vitest";

import type { Id } from "../_generated/dataModel";
import type { MutationCtx } from "../_generated/server";
import { NEW_FOR_MS, priceSummary } from "../domain/catalog.ts";
import { money } from "../domain/money.ts";
import type { Role } from "../domain/permissions.ts";
import { productSearchText } from "../domain/searchText.ts";
import { syncPlacements } from "../model/placements.ts";
import schema from "../schema.ts";

const modules = import.meta.glob(["../**/*.{ts,js}", "!../**/*.{test,setup}.ts"]);

export type TestShop = ReturnType<typeof startShop>;

/** An empty deployment with the settings that the functions need. */
export function startShop() {
  vi.stubEnv("DEMO", "1");
  vi.stubEnv("SITE_URL", "http://shop.test");
  vi.stubEnv("CONVEX_SITE_URL", "http://shop.test/http");
  vi.stubEnv("REQUEST_CONTEXT_SECRET", "a secret for tests");
  const t = convexTest(schema, modules);
  registerRateLimiter(t);
  registerAggregate(t, "orderTotals");
  registerBatchWorker(t, "orderTotals/batchWorker");
  registerPresence(t);
  registerMigrations(t);
  return t;
}

export type NewUser = { role?: Role; kind?: "guest" | "account"; email?: string };

/** A user with a session; `as` calls functions with that identity. */
export async function addUser(t: TestShop, { role, kind, email }: NewUser = {}) {
  const ids = await t.run(async (ctx) => {
    const isGuest = kind === "guest";
    const userId = await ctx.db.insert("users", {
      kind: kind ?? "account",
      role: role ?? "client",
      email: isGuest ? null : (email ?? "ada@example.com"),
      firstName: isGuest ? "" : "Ada",
      lastName: isGuest ? "" : "Byron",
      phone: null,
      emailVerifiedAt: null,
      deactivatedAt: null,
      mergedIntoUserId: null,
      registeredAt: Date.now(),
    });
    const expirationTime = Date.now() + 1_000_000;
    const sessionId = await ctx.db.insert("authSessions", { userId, expirationTime });
    return { userId, sessionId };
  });
  return { ...ids, as: t.withIdentity({ subject: `${ids.userId}|${ids.sessionId}` }) };
}

export async function addGuest(t: TestShop) {
  return await addUser(t, { kind: "guest" });
}

export type NewCategory = { slug?: string; name?: string; parentId?: Id<"categories"> | null };

export async function addCategory(t: TestShop, category: NewCategory = {}) {
  return await t.run((ctx) => insertCategory(ctx, category));
}

export type NewProduct = {
  slug?: string;
  name?: string;
  categoryId?: Id<"categories">;
  /** Prices in cents and stock of its variants; more than one makes an option "Size". */
  variants?: readonly { price?: number; stock?: number; weightGrams?: number }[];
  tags?: readonly string[];
  featuredRank?: number | null;
  publishedAt?: number;
};

/** An active product that costs €10 and of which there are ten, unless told otherwise. */
export async function addProduct(t: TestShop, product: NewProduct = {}) {
  return await t.run((ctx) => insertProduct(ctx, product));
}

async function insertCategory(ctx: MutationCtx, category: NewCategory): Promise<Id<"categories">> {
  const slug = category.slug ?? "kitchen";
  return await ctx.db.insert("categories", {
    slug,
    name: category.name ?? slug,
    description: "",
    parentId: category.parentId ?? null,
    position: 1,
    tint: "sand",
    picture: null,
    banner: null,
    productCount: 0,
  });
}

async function insertProduct(ctx: MutationCtx, product: NewProduct) {
  const slug = product.slug ?? "teapot";
  const name = product.name ?? slug;
  const variants = (product.variants ?? [{}]).map((variant) => ({
    price: money(variant.price ?? 1000),
    compareAtPrice: null,
    stock: variant.stock ?? 10,
    weightGrams: variant.weightGrams ?? 500,
  }));
  const prices = priceSummary(variants);
  if (prices === null) throw new Error("A product needs a variant");
  const publishedAt = product.publishedAt ?? Date.now();
  const isPlain = variants.length === 1;
  const productId = await ctx.db.insert("products", {
    slug,
    name,
    sku: slug.toUpperCase(),
    brand: "Maker",
    categoryId: product.categoryId ?? (await insertCategory(ctx, { slug: `of-${slug}` })),
    status: "active",
    description: "",
    highlights: [],
    options: isPlain
      ? []
      : [{ name: "Size", values: variants.map((_v, i) => ({ value: `S${i}`, swatch: null })) }],
    attributes: [],
    tags: [...(product.tags ?? [])],
    tint: "sand",
    pictures: [],
    ...prices,
    singleVariantId: null,
    rating: null,
    featuredRank: product.featuredRank ?? null,
    publishedAt,
    isNew: true,
    newUntil: publishedAt + NEW_FOR_MS,
    searchText: productSearchText({
      name,
      brand: "Maker",
      categoryName: "",
      tags: product.tags ?? [],
      highlights: [],
      attributes: [],
      skus: [],
    }),
  });
  const variantIds: Id<"variants">[] = [];
  for (const [position, { price, compareAtPrice, stock, weightGrams }] of variants.entries()) {
    const variantId = await ctx.db.insert("variants", {
      ...{ productId, position, price, compareAtPrice, weightGrams },
      sku: isPlain ? slug.toUpperCase() : `${slug.toUpperCase()}-${position}`,
      options: isPlain ? {} : { Size: `S${position}` },
      pictureIndex: 0,
      status: "active",
    });
    await ctx.db.insert("stock", { variantId, productId, onHand: stock, held: 0 });
    variantIds.push(variantId);
  }
  const [variantId] = variantIds;
  if (variantId === undefined) throw new Error("A product needs a variant");
  if (isPlain) await ctx.db.patch("products", productId, { singleVariantId: variantId });
  await syncPlacements(ctx, productId);
  return { productId, variantId, variantIds, slug };
}
