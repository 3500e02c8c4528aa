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
