const MAX_QUERY_LENGTH = 100;
const MAX_PAGE = 100_000;

/** What the address of a list asks for; nonsense is the first page of everything. */
export function readListAddress(searchParams: URLSearchParams): {
  readonly query: string;
  readonly page: number;
} {
  const page = Number(searchParams.get("page"));
  return {
    query: (searchParams.get("q") ?? "").trim().slice(0, MAX_QUERY_LENGTH),
    page: Number.isInteger(page) && page >= 1 && page <= MAX_PAGE ? page : 1,
  };
}

/** The address of a list, without what is empty and without the number of the first page. */
export function listPath(
  path: string,
  view: { readonly q: string; readonly page: number; readonly status?: string | null },
): string {
  const params = new URLSearchParams();
  if (view.status) params.set("status", view.status);
  if (view.q !== "") params.set("q", view.q);
  if (view.page > 1) params.set("page", String(view.page));
  return params.size === 0 ? path : `${path}?${params.toString()}`;
}

/** A product next to which a page of the list begins or ends. */
export type Beside = { readonly side: "after" | "before"; readonly productId: string };

const MAX_ID_LENGTH = 64;

/** The place in the list of products that an address names; null is its beginning. */
export function readBeside(searchParams: URLSearchParams): Beside | null {
  for (const side of ["after", "before"] as const) {
    const productId = searchParams.get(side);
    if (productId !== null) return { side, productId: productId.slice(0, MAX_ID_LENGTH) };
  }
  return null;
}

export function besidePath(path: string, { side, productId }: Beside): string {
  return `${path}?${new URLSearchParams({ [side]: productId }).toString()}`;
}
