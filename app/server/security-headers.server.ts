import type { PayPalSettings, Settings } from "#app/server/settings.server.ts";

type Directives = Record<string, readonly string[]>;

/**
 * The content security policy of a page. Scripts run by nonce alone, and what they load they vouch
 * for (`strict-dynamic`); the other script sources are for browsers that don't know it. One policy
 * for all pages, because a visitor walks on to the checkout without loading a new document.
 */
export function contentSecurityPolicy(
  settings: Pick<Settings, "mode" | "publicUrl" | "paypal">,
  nonce: string,
): Directives {
  const isDevelopment = settings.mode === "development";
  const payPal = payPalSources(settings.paypal);
  const webSocketOrigin = settings.publicUrl.replace(/^http/, "ws");
  return {
    "default-src": ["'none'"],
    "script-src": [`'nonce-${nonce}'`, "'strict-dynamic'", "'self'", ...payPal.scripts],
    // PayPal's components and React's style attributes bring their styles inline.
    "style-src": ["'self'", "'unsafe-inline'"],
    "img-src": ["'self'", "data:", ...payPal.images],
    "font-src": ["'self'"],
    "connect-src": [
      "'self'",
      webSocketOrigin,
      ...payPal.connections,
      ...(isDevelopment ? ["ws:"] : []),
    ],
    "frame-src": payPal.frames.length === 0 ? ["'none'"] : payPal.frames,
    "manifest-src": ["'self'"],
    "base-uri": ["'none'"],
    "form-action": ["'self'"],
    "frame-ancestors": ["'none'"],
    "object-src": ["'none'"],
    ...(settings.publicUrl.startsWith("https:") ? { "upgrade-insecure-requests": [] } : {}),
  };
}

/** What else every page says about itself. The names are in lower case. */
export function pageHeaders(settings: Pick<Settings, "publicUrl">): Record<string, string> {
  return {
    // PayPal's window must be able to answer the page that opened it.
    "cross-origin-opener-policy": "same-origin-allow-popups",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "strict-origin-when-cross-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "permissions-policy":
      "camera=(), microphone=(), geolocation=(), usb=(), serial=(), hid=(), midi=(), browsing-topics=()",
    ...(settings.publicUrl.startsWith("https:")
      ? { "strict-transport-security": "max-age=31536000; includeSubDomains" }
      : {}),
  };
}

/** For what visitors may have uploaded: it must not run as a page of this shop. */
export const STORED_FILE_HEADERS = {
  "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
  "cross-origin-resource-policy": "same-origin",
} as const;

function payPalSources(paypal: PayPalSettings | null) {
  if (paypal === null) return { scripts: [], images: [], connections: [], frames: [] };
  const hosts =
    paypal.sdkUrl === null
      ? ["https://*.paypal.com", "https://*.paypalobjects.com"]
      : [new URL(paypal.sdkUrl).origin];
  return { scripts: hosts, images: hosts, connections: hosts, frames: hosts };
}
