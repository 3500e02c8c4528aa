import type { IncomingHttpHeaders } from "node:http";

/**
 * The address a request came from. `X-Forwarded-For` counts only from a proxy on this machine, and
 * then only the entry that this proxy added, because clients may send the header too.
 */
export function clientAddress(
  headers: IncomingHttpHeaders,
  remoteAddress: string | undefined,
): string | null {
  const direct = remoteAddress?.replace(/^::ffff:/, "") ?? null;
  if (direct !== null && !isLoopback(direct)) return direct;
  const header = headers["x-forwarded-for"];
  const forwarded = (Array.isArray(header) ? header.join(",") : header)?.split(",").at(-1)?.trim();
  return forwarded === undefined || forwarded === "" ? direct : forwarded;
}

function isLoopback(address: string): boolean {
  return address === "::1" || address.startsWith("127.");
}
