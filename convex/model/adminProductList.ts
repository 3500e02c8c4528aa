import type { Infer } from "convex/values";

import type { Doc } from "../_generated/dataModel";
import type { QueryCtx } from "../_generated/server";
import { searchQuery } from "../domain/searchText.ts";
import type { vAdminProductRow } from "../tables/adminViews.ts";
import { viewRow } from "./adminProducts.ts";
import { countProducts } from "./catalog.ts";
import { getSettings } from "./settings.ts";

type Ctx = Pick<QueryCtx, "db" | "storage">;

const MAX_PAGE_SIZE = 100;
const MAX_MATCHES = 200;
/** Categories count the active ones; of the archived ones so many are counted one by one. */
const MAX_ARCHIVED_COUNTED = 200;

/** The rows after or before a product in the order of the list, that one not included. */
export type Beside = { side: "after" | "before"; productId: string };

export type Wanted = {
  search: string;
  /** Of a search, from one; a page beyond the last is the last. */
  page: number;
  pageSize: number;
  /** Without a search; null is the beginning, and so is a product that is not there. */
  beside: Beside | null;
};

type Page = {
  total: number;
  isTotalExact: boolean;
  page: number;
  /** Whether rows of the list by name come before and after. */
  hasPrevious: boolean;
  hasNext: boolean;
};

/** Products that match a search, best match first, or all by status and name. */
export async function listForStaff(
  ctx: Ctx,
  wanted: Wanted,
): Promise<Page & { rows: Infer<typeof vAdminProductRow>[] }> {
  const query = searchQuery(wanted.search);
  const size = Math.min(MAX_PAGE_SIZE, Math.max(1, Math.floor(wanted.pageSize)));
  const { products, ...page } =
    query === ""
      ? await pageByName(ctx, wanted.beside, size)
      : await pageOfMatches(ctx, { typed: wanted.search, query, page: wanted.page, size });
  const { lowStockThreshold } = await getSettings(ctx);
  const rows = await Promise.all(
    products.map((product) => viewRow(ctx, product, lowStockThreshold)),
  );
  return { ...page, rows };
}

type Found = Page & { products: Doc<"products">[] };

async function pageOfMatches(
  ctx: Ctx,
  { typed, query, page, size }: { typed: string; query: string; page: number; size: number },
): Promise<Found> {
  const ofSku = await findBySku(ctx, typed);
  const found = ofSku === null ? await matching(ctx, query) : [ofSku];
  const total = Math.min(found.length, MAX_MATCHES);
  const shown = Math.min(Math.max(1, Math.ceil(total / size)), Math.max(1, Math.floor(page)));
  return {
    products: found.slice((shown - 1) * size, Math.min(total, shown * size)),
    ...{ total, isTotalExact: found.length <= MAX_MATCHES, page: shown },
    ...{ hasPrevious: false, hasNext: false },
  };
}

async function matching(ctx: Ctx, query: string): Promise<Doc<"products">[]> {
  return await ctx.db
    .query("products")
    .withSearchIndex("by_searchText", (q) => q.search("searchText", query))
    .take(MAX_MATCHES + 1);
}

/**
 * The product with exactly this SKU, or with such a variant: the words in it are those of many. One
 * without a digit may be a word of the language too, and is searched for like any other.
 */
async function findBySku(ctx: Ctx, typed: string): Promise<Doc<"products"> | null> {
  const sku = typed.trim().toUpperCase();
  if (!/\d/.test(sku)) return null;
  const product = await ctx.db
    .query("products")
    .withIndex("by_sku", (q) => q.eq("sku", sku))
    .first();
  if (product !== null) return product;
  const variant = await ctx.db
    .query("variants")
    .withIndex("by_sku", (q) => q.eq("sku", sku))
    .first();
  return variant === null ? null : await ctx.db.get("products", variant.productId);
}

async function pageByName(ctx: Ctx, beside: Beside | null, size: number): Promise<Found> {
  const [count, rows] = await Promise.all([countAll(ctx), rowsByName(ctx, beside, size)]);
  return { ...count, ...rows, page: 1 };
}

type Rows = Pick<Found, "products" | "hasPrevious" | "hasNext">;

async function rowsByName(ctx: Ctx, beside: Beside | null, size: number): Promise<Rows> {
  const product = beside === null ? null : await findById(ctx, beside.productId);
  if (product === null || beside === null) return await firstRows(ctx, size);
  const ranges = beside.side === "after" ? rangesAfter(ctx, product) : rangesBefore(ctx, product);
  const found: Doc<"products">[] = [];
  for (const range of ranges) found.push(...(await range.take(size + 1 - found.length)));
  const [products, hasMore] = [found.slice(0, size), found.length > size];
  if (beside.side === "after") return { products, hasPrevious: true, hasNext: hasMore };
  // The first page is a full one.
  if (products.length < size) return await firstRows(ctx, size);
  return { products: products.reverse(), hasPrevious: hasMore, hasNext: true };
}

async function firstRows(ctx: Ctx, size: number): Promise<Rows> {
  const found = await ctx.db
    .query("products")
    .withIndex("by_status_and_name")
    .take(size + 1);
  return { products: found.slice(0, size), hasPrevious: false, hasNext: found.length > size };
}

/** One after the other, what follows in the index: of the same name, other names, other statuses. */
function rangesAfter(ctx: Ctx, { status, name, _creationTime }: Doc<"products">) {
  const products = () => ctx.db.query("products");
  return [
    products().withIndex("by_status_and_name", (q) =>
      q.eq("status", status).eq("name", name).gt("_creationTime", _creationTime),
    ),
    products().withIndex("by_status_and_name", (q) => q.eq("status", status).gt("name", name)),
    products().withIndex("by_status_and_name", (q) => q.gt("status", status)),
  ];
}

/** The same the other way. */
function rangesBefore(ctx: Ctx, { status, name, _creationTime }: Doc<"products">) {
  const products = () => ctx.db.query("products");
  return [
    products().withIndex("by_status_and_name", (q) =>
      q.eq("status", status).eq("name", name).lt("_creationTime", _creationTime),
    ),
    products().withIndex("by_status_and_name", (q) => q.eq("status", status).lt("name", name)),
    products().withIndex("by_status_and_name", (q) => q.lt("status", status)),
  ].map((range) => range.order("desc"));
}

async function findById(ctx: Ctx, idText: string): Promise<Doc<"products"> | null> {
  const id = ctx.db.normalizeId("products", idText);
  return id === null ? null : await ctx.db.get("products", id);
}

async function countAll(ctx: Ctx): Promise<{ total: number; isTotalExact: boolean }> {
  const active = await countProducts(ctx, null);
  const archived = await ctx.db
    .query("products")
    .withIndex("by_status_and_name", (q) => q.eq("status", "archived"))
    .take(MAX_ARCHIVED_COUNTED + 1);
  return {
    total: active + Math.min(archived.length, MAX_ARCHIVED_COUNTED),
    isTotalExact: archived.length <= MAX_ARCHIVED_COUNTED,
  };
}
