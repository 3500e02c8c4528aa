/** What decides whether a browser sent a request from a page of this shop. */
export type RequestOrigin = {
  readonly method: string;
  readonly origin: string | undefined;
  readonly fetchSite: string | undefined;
};

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * True for reads, and for writes that come from the shop's own pages. Browsers send `Sec-Fetch-Site`
 * or `Origin` with every form post and fetch; a write that brings neither is no browser of today and
 * is refused, because nothing says that the visitor meant it.
 */
export function isSameOrigin(request: RequestOrigin, publicUrl: string): boolean {
  if (SAFE_METHODS.has(request.method)) return true;
  if (request.fetchSite !== undefined && request.fetchSite !== "same-origin") return false;
  if (request.origin !== undefined) return request.origin === publicUrl;
  return request.fetchSite === "same-origin";
}
