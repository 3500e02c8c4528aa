import type { QueryCtx } from "../_generated/server";

/** Reading a part takes two documents and one range for each product. */
const PART_SIZE = 1000;

type Ctx = Pick<QueryCtx, "db">;

/** `end` is where the next part starts, and where `listPart` ends this one. */
export type SitemapPart = { end: string; isLast: boolean; isEmpty: boolean };

/** The part of the catalogue that begins at `start`, the end of another part; null is the first. */
export async function findPart(
  ctx: Ctx,
  start: string | null,
  size = PART_SIZE,
): Promise<SitemapPart> {
  const { page, isDone, continueCursor } = await productsByAge(ctx).paginate({
    numItems: size,
    cursor: start,
  });
  return { end: continueCursor, isLast: isDone, isEmpty: page.length === 0 };
}

/** The products of one part. */
export async function listPart(
  ctx: Ctx,
  { start, end }: { start: string | null; end: string },
): Promise<{ slug: string }[]> {
  const { page } = await productsByAge(ctx).paginate({
    ...{ numItems: PART_SIZE, cursor: start },
    endCursor: end,
  });
  const products = await Promise.all(
    page.map(({ productId }) => ctx.db.get("products", productId)),
  );
  return products.flatMap((product) => (product === null ? [] : [{ slug: product.slug }]));
}

/** New ones come last, so that the parts before stay as they are. */
function productsByAge(ctx: Ctx) {
  return ctx.db
    .query("placements")
    .withIndex("by_categoryId_and_publishedAt", (q) => q.eq("categoryId", null));
}
