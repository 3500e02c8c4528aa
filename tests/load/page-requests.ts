import { PAGE_SIZE } from "#app/features/catalog/list-view.ts";

import { SERIES_SIZE, seriesWord } from "./catalogue.ts";

/** A page to ask for and what it has to show. */
export interface PageRequest {
  readonly path: string;
  /** Text that only the right page has. */
  readonly text: string;
  /** How many products' cards it has at least. */
  readonly cards: number;
}

/** A mutation that is made before each page, so that what the page shows is computed anew. */
export interface PageChange {
  readonly path: string;
  readonly body: string;
  readonly token: string;
}

const CARD = Buffer.from("<article");
const PAGE_END = Buffer.from("</html>");
/** Cards on a product's page, and the least that the home page has. */
const RELATED = 4;
const HOME_CARDS = 12;
const MARKS = "-.,;:!";

export function homeRequest(): PageRequest {
  return { path: "/", text: "<h1", cards: HOME_CARDS };
}

export function listRequest(address: string): PageRequest {
  return { path: address, text: "<h1", cards: PAGE_SIZE };
}

export function productRequest(slug: string): PageRequest {
  return { path: `/p/${slug}`, text: `/p/${slug}"`, cards: RELATED };
}

/**
 * A search for a series, of which every catalogue has as many products. Marks behind the word make
 * each search another one for what keeps results, and change nothing about what is found.
 */
export function searchRequest(n: number, products: number): PageRequest {
  const word = seriesWord((n * SERIES_SIZE) % (products - (products % SERIES_SIZE)));
  const marks = n.toString(MARKS.length).replaceAll(/\d/g, (digit) => MARKS.charAt(Number(digit)));
  const query = new URLSearchParams({ q: `${word} ${marks}` });
  return { path: `/search?${query.toString()}`, text: word, cards: PAGE_SIZE };
}

/** Whether a page is whole and shows what was asked for. */
export function faultOf(
  { text, cards }: PageRequest,
  { status, body }: { readonly status: number; readonly body: Buffer },
): string | null {
  if (status !== 200) return `status ${String(status)}`;
  if (!body.includes(PAGE_END)) return "it has no end";
  if (!body.includes(text)) return `it does not say ${text}`;
  const shown = countOf(body, CARD);
  return shown < cards ? `it has ${String(shown)} cards instead of ${String(cards)}` : null;
}

function countOf(body: Buffer, mark: Buffer): number {
  let count = 0;
  for (let at = body.indexOf(mark); at >= 0; at = body.indexOf(mark, at + mark.length)) count += 1;
  return count;
}
