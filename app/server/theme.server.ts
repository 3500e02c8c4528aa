import { isTheme, type Theme } from "#app/lib/theme.ts";
import type { CookieJar, CookieSpec } from "#app/server/cookies.server.ts";

const YEAR_SECONDS = 365 * 24 * 60 * 60;

const themeCookie: CookieSpec<Theme> = {
  name: "vitrine-theme",
  parse: (value) => (isTheme(value) ? value : null),
};

/** The chosen theme; null follows the system. */
export function readTheme(cookies: CookieJar): Promise<Theme | null> {
  return cookies.get(themeCookie);
}

export function writeTheme(cookies: CookieJar, theme: Theme | null): void {
  if (theme === null) cookies.delete(themeCookie);
  else cookies.set(themeCookie, theme, YEAR_SECONDS);
}
