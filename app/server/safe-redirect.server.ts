const PLACE = "redirectTo";

/**
 * A path of this shop, or the fallback: never another origin, however it is dressed up
 * (`//host`, `/\host`, `/.//host`, control characters that a browser removes).
 */
export function safePath(target: string | null | undefined, fallback = "/"): string {
  if (!target?.startsWith("/")) return fallback;
  const base = "http://shop.invalid";
  if (!URL.canParse(target, base)) return fallback;
  const url = new URL(target, base);
  // `/.//host` stays on this origin here, but as a Location it would be `//host`.
  if (url.origin !== base || url.pathname.startsWith("//")) return fallback;
  return url.pathname + url.search + url.hash;
}

/** Where to go after signing in, as the address or the form says. */
export function placeToReturn(from: URLSearchParams | FormData): string {
  const value = from.get(PLACE);
  return safePath(typeof value === "string" ? value : null);
}

/** The sign-in page that leads back to where the request wanted to go. */
export function signInPath(request: Request, reason?: string): string {
  const url = new URL(request.url);
  const query = new URLSearchParams();
  const wanted = request.method === "GET" ? url.pathname.replace(/\.data$/, "") + url.search : "/";
  if (wanted !== "/") query.set(PLACE, wanted);
  if (reason !== undefined) query.set("reason", reason);
  return query.size === 0 ? "/sign-in" : `/sign-in?${query.toString()}`;
}
