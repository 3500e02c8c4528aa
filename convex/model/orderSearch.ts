import type { Doc } from "../_generated/dataModel";
import type { QueryCtx } from "../_generated/server";
import type { OrderState } from "../domain/order.ts";
import { formatOrderNumber, parseOrderNumber } from "../domain/orderNumber.ts";

type Db = Pick<QueryCtx, "db">;

/** No list goes further back than this; a search or a filter does. */
const MAX_ROWS = 1000;
// The search index answers with its best matches only.
const MAX_MATCHES = 200;
const MAX_PAGE_SIZE = 100;

export type OrderPage = {
  rows: Doc<"orders">[];
  total: number;
  isTotalExact: boolean;
  page: number;
};

/** Orders for staff, the latest first or, for a search, the best match first. Pages from one. */
export async function search(
  ctx: Db,
  options: { status: OrderState | null; search: string; page: number; pageSize: number },
): Promise<OrderPage> {
  const text = options.search.trim();
  const limit = text === "" ? MAX_ROWS : MAX_MATCHES;
  const found = await find(ctx, { text, status: options.status, limit: limit + 1 });
  const total = Math.min(found.length, limit);
  const pageSize = wholeNumberWithin(options.pageSize, MAX_PAGE_SIZE);
  const page = wholeNumberWithin(options.page, Math.max(1, Math.ceil(total / pageSize)));
  const rows = found.slice(0, limit).slice((page - 1) * pageSize, page * pageSize);
  return { rows, total, isTotalExact: found.length <= limit, page };
}

async function find(
  ctx: Db,
  { text, status, limit }: { text: string; status: OrderState | null; limit: number },
): Promise<Doc<"orders">[]> {
  const orders = ctx.db.query("orders");
  const number = orderNumberIn(text);
  if (number !== null) {
    return await orders.withIndex("by_number", (q) => q.eq("number", number)).take(1);
  }
  if (text !== "") {
    return await orders
      .withSearchIndex("by_searchText", (q) => {
        const matching = q.search("searchText", text);
        return status === null ? matching : matching.eq("state", status);
      })
      .take(limit);
  }
  if (status === null) return await orders.withIndex("by_placedAt").order("desc").take(limit);
  return await orders
    .withIndex("by_state_and_placedAt", (q) => q.eq("state", status))
    .order("desc")
    .take(limit);
}

// The index knows words, to which every number begins alike.
function orderNumberIn(text: string): string | null {
  const typed = /^\d+$/.test(text) ? formatOrderNumber(Number(text)) : text.toUpperCase();
  return parseOrderNumber(typed) === null ? null : typed;
}

function wholeNumberWithin(value: number, max: number): number {
  return Number.isFinite(value) ? Math.min(max, Math.max(1, Math.floor(value))) : 1;
}
