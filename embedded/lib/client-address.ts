import type { IncomingHttpHeaders } from "node:http";

/**
 * The address a request came from. `X-Forwarded-For` counts only from a trusted proxy, and then only
 * the entry that this proxy added, because clients may send the header too.
 */
export function clientAddress(
  headers: IncomingHttpHeaders,
  remoteAddress: string | undefined,
  trustsProxy: (address: string) => boolean,
): string | null {
  const direct = remoteAddress?.replace(/^::ffff:/, "") ?? null;
  if (direct !== null && !trustsProxy(direct)) return direct;
  return forwardedAddress(headers) ?? direct;
}

/** The last address in `X-Forwarded-For`. */
export function forwardedAddress(headers: IncomingHttpHeaders): string | null {
  const header = headers["x-forwarded-for"];
  const forwarded = (Array.isArray(header) ? header.join(",") : header)?.split(",").at(-1)?.trim();
  return forwarded === undefined || forwarded === "" ? null : forwarded;
}

export function isLoopback(address: string): boolean {
  return address === "::1" || address.startsWith("127.");
}

/**
 * What counts as one caller: an IPv4 address, or the /64 network of an IPv6 address, because whoever
 * has one of its addresses usually has them all.
 */
export function networkOf(address: string): string {
  if (!address.includes(":")) return address;
  const [head = "", tail = ""] = address.toLowerCase().split("%", 1)[0]?.split("::", 2) ?? [];
  const leading = head === "" ? [] : head.split(":");
  const missing = 8 - leading.length - (tail === "" ? 0 : tail.split(":").length);
  const isShortened = address.includes("::");
  const groups = isShortened
    ? [...leading, ...Array<string>(Math.max(0, missing)).fill("0"), ...tail.split(":")]
    : leading;
  return `${groups.slice(0, 4).map(withoutZeros).join(":")}::/64`;
}

function withoutZeros(group: string): string {
  return group.replace(/^0+(?=.)/, "");
}
