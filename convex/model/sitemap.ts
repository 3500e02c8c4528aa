import type { Doc } from "../_generated/dataModel";
import type { QueryCtx } from "../_generated/server";

/** Whoever reads a part reads no more products than these: two documents and one range for each. */
const PART_SIZE = 1000;

type Ctx = Pick<QueryCtx, "db">;

/** A place in the order of `productsByAge`, milliseconds. */
export type SitemapPlace = { publishedAt: number; createdAt: number };

/** `end` is where the next part starts, and `last` the last product of this one when others follow. */
export type SitemapPart = {
  end: string;
  last: SitemapPlace | null;
  isLast: boolean;
  isEmpty: boolean;
};

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
  const row = page.at(-1);
  const last = isDone || row === undefined ? null : placeOf(row);
  return { end: continueCursor, last, isLast: isDone, isEmpty: page.length === 0 };
}

/** The products of one part up to and with `last`, of which no more than `size` are read. */
export async function listPart(
  ctx: Ctx,
  { start, last }: { start: string | null; last: SitemapPlace | null },
  size = PART_SIZE,
): Promise<{ slug: string }[]> {
  // An `endCursor` would have the page go on to it, however far away that is.
  const { page } = await productsByAge(ctx).paginate({ numItems: size, cursor: start });
  const rows = last === null ? page : page.filter((row) => !isBehind(placeOf(row), last));
  const products = await Promise.all(
    rows.map(({ productId }) => ctx.db.get("products", productId)),
  );
  return products.flatMap((product) => (product === null ? [] : [{ slug: product.slug }]));
}

function placeOf(row: Doc<"placements">): SitemapPlace {
  return { publishedAt: row.publishedAt, createdAt: row._creationTime };
}

function isBehind(place: SitemapPlace, other: SitemapPlace): boolean {
  return place.publishedAt === other.publishedAt
    ? place.createdAt > other.createdAt
    : place.publishedAt > other.publishedAt;
}

/** New ones come last, so that the parts before stay as they are. */
function productsByAge(ctx: Ctx) {
  return ctx.db
    .query("placements")
    .withIndex("by_categoryId_and_publishedAt", (q) => q.eq("categoryId", null));
}
