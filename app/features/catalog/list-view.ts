export const sorts = ["featured", "newest", "priceAsc", "priceDesc", "rating"] as const;

export type Sort = (typeof sorts)[number];

/** How many products come with each press of "show more", and how many one address holds at most. */
export const PAGE_SIZE = 24;
const MAX_SHOWN = 5 * PAGE_SIZE;

/** What the address of a list says; anything unknown in it counts as not said. */
export type ListView = {
  readonly sort: Sort;
  readonly shown: number;
  /** Where the list goes on when more than one address can hold was seen. */
  readonly after: string | null;
};

export function readListView(params: URLSearchParams): ListView {
  const sort = sorts.find((candidate) => candidate === params.get("sort")) ?? "featured";
  return { sort, shown: readShown(params), after: params.get("after") };
}

/** The number of rows that `show` asks for: whole pages, within bounds. */
export function readShown(params: URLSearchParams): number {
  const asked = Number(params.get("show"));
  if (!Number.isInteger(asked) || asked <= PAGE_SIZE) return PAGE_SIZE;
  return Math.min(Math.ceil(asked / PAGE_SIZE) * PAGE_SIZE, MAX_SHOWN);
}

/** The query part of the address with more rows, or null when this address is full. */
export function showMore(params: URLSearchParams): string | null {
  const shown = readShown(params);
  if (shown >= MAX_SHOWN) return null;
  return withParams(params, { show: String(shown + PAGE_SIZE) });
}

/** The query part of the address that goes on where this one ends. */
export function goOn(params: URLSearchParams, cursor: string): string {
  return withParams(params, { show: null, after: cursor });
}

function withParams(params: URLSearchParams, changes: Record<string, string | null>): string {
  const next = new URLSearchParams(params);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) next.delete(name);
    else next.set(name, value);
  }
  const text = next.toString();
  return text === "" ? "" : `?${text}`;
}
