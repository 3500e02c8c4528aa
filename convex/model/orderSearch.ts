import type { Doc } from "../_generated/dataModel";
import type { QueryCtx } from "../_generated/server";
import type { OrderState } from "../domain/order.ts";
import { formatOrderNumber, parseOrderNumber } from "../domain/orderNumber.ts";
import * as OrderTotals from "./orderTotals.ts";

type Ctx = Pick<QueryCtx, "db" | "runQuery" | "meta">;

// The search index answers with its best matches only.
const MAX_MATCHES = 200;
const MAX_PAGE_SIZE = 100;

export type OrderPage = {
  rows: Doc<"orders">[];
  total: number;
  isTotalExact: boolean;
  page: number;
};

type Wanted = { status: OrderState | null; search: string; page: number; pageSize: number };

/** Orders for staff, the latest first or, for a search, the best match first. Pages from one. */
export async function search(ctx: Ctx, wanted: Wanted): Promise<OrderPage> {
  const text = wanted.search.trim();
  const pageSize = wholeNumberWithin(wanted.pageSize, MAX_PAGE_SIZE);
  return text === ""
    ? await pageOfAll(ctx, { ...wanted, pageSize })
    : await pageOfMatches(ctx, text, { ...wanted, pageSize });
}

async function pageOfAll(ctx: Ctx, { status, page, pageSize }: Wanted): Promise<OrderPage> {
  const total = await OrderTotals.count(ctx, status ?? "all");
  const shown = pageWithin(page, total, pageSize);
  const rows =
    shown === 1
      ? await newest(ctx, status).take(pageSize)
      : await pageFrom(ctx, { status, offset: (shown - 1) * pageSize, pageSize });
  return { rows, total, isTotalExact: true, page: shown };
}

async function pageFrom(
  ctx: Ctx,
  { status, offset, pageSize }: { status: OrderState | null; offset: number; pageSize: number },
): Promise<Doc<"orders">[]> {
  const [placedAt, creationTime] = await OrderTotals.placeAt(ctx, status ?? "all", offset);
  const sameMoment = await newest(ctx, status, { placedAt, creationTime }).take(pageSize);
  if (sameMoment.length === pageSize) return sameMoment;
  const older = await newest(ctx, status, { before: placedAt }).take(pageSize - sameMoment.length);
  return [...sameMoment, ...older];
}

type From = { placedAt: number; creationTime: number } | { before: number };

function newest(ctx: Ctx, status: OrderState | null, from?: From) {
  const orders = ctx.db.query("orders");
  const ranged =
    status === null
      ? orders.withIndex("by_placedAt", (q) => {
          if (from === undefined) return q;
          if ("before" in from) return q.lt("placedAt", from.before);
          return q.eq("placedAt", from.placedAt).lte("_creationTime", from.creationTime);
        })
      : orders.withIndex("by_state_and_placedAt", (q) => {
          const inState = q.eq("state", status);
          if (from === undefined) return inState;
          if ("before" in from) return inState.lt("placedAt", from.before);
          return inState.eq("placedAt", from.placedAt).lte("_creationTime", from.creationTime);
        });
  return ranged.order("desc");
}

async function pageOfMatches(
  ctx: Ctx,
  text: string,
  { status, page, pageSize }: Wanted,
): Promise<OrderPage> {
  const found = await matches(ctx, text, status);
  const total = Math.min(found.length, MAX_MATCHES);
  const shown = pageWithin(page, total, pageSize);
  const rows = found.slice(0, MAX_MATCHES).slice((shown - 1) * pageSize, shown * pageSize);
  return { rows, total, isTotalExact: found.length <= MAX_MATCHES, page: shown };
}

async function matches(
  ctx: Ctx,
  text: string,
  status: OrderState | null,
): Promise<Doc<"orders">[]> {
  const number = orderNumberIn(text);
  if (number !== null) {
    const orders = ctx.db.query("orders");
    return await orders.withIndex("by_number", (q) => q.eq("number", number)).take(1);
  }
  const ofAddress = await matchesOfAddress(ctx, text.toLowerCase(), status);
  return ofAddress ?? (await matchesOfWords(ctx, text, status));
}

const ADDRESS = /^([^\s@]+)@\S*$/;

/**
 * Orders from the e-mail addresses that begin so, found by the words before the "@": those behind it
 * are every other customer's too. Null when the text is none, or those words alone do not tell.
 */
async function matchesOfAddress(
  ctx: Ctx,
  address: string,
  status: OrderState | null,
): Promise<Doc<"orders">[] | null> {
  const mailbox = ADDRESS.exec(address)?.[1];
  if (mailbox === undefined) return null;
  const found = await matchesOfWords(ctx, mailbox, null);
  const words = mailbox.split(/[^\p{L}\p{N}]+/u);
  const hasAll = ({ searchText }: Doc<"orders">) =>
    words.every((word) => searchText.toLowerCase().includes(word));
  // The best matches have all words: where others follow them, none was left out.
  if (found.length > MAX_MATCHES && found.every(hasAll)) return null;
  return found.filter(
    ({ contact, state }) =>
      contact.email.startsWith(address) && (status === null || state === status),
  );
}

async function matchesOfWords(
  ctx: Ctx,
  words: string,
  status: OrderState | null,
): Promise<Doc<"orders">[]> {
  return await ctx.db
    .query("orders")
    .withSearchIndex("by_searchText", (q) => {
      const matching = q.search("searchText", words);
      return status === null ? matching : matching.eq("state", status);
    })
    .take(MAX_MATCHES + 1);
}

// The index knows words, to which every number begins alike.
function orderNumberIn(text: string): string | null {
  const typed = /^\d+$/.test(text) ? formatOrderNumber(Number(text)) : text.toUpperCase();
  return parseOrderNumber(typed) === null ? null : typed;
}

function pageWithin(page: number, total: number, pageSize: number): number {
  return wholeNumberWithin(page, Math.max(1, Math.ceil(total / pageSize)));
}

function wholeNumberWithin(value: number, max: number): number {
  return Number.isFinite(value) ? Math.min(max, Math.max(1, Math.floor(value))) : 1;
}
