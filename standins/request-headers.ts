/** What every HTTP client may send; anything else must be documented for the operation. */
const TRANSPORT_HEADERS = new Set([
  "accept",
  "accept-encoding",
  "accept-language",
  "authorization",
  "cache-control",
  "connection",
  "content-length",
  "content-type",
  "host",
  "keep-alive",
  "pragma",
  "sec-fetch-dest",
  "sec-fetch-mode",
  "sec-fetch-site",
  "te",
  "transfer-encoding",
  "user-agent",
]);

/** Names of headers that neither HTTP clients send nor the operation documents. */
export function undocumentedHeaders(
  headers: ReadonlyMap<string, string>,
  documented: readonly string[],
): string[] {
  const known = new Set(documented.map((name) => name.toLowerCase()));
  return [...headers.keys()].filter((name) => !TRANSPORT_HEADERS.has(name) && !known.has(name));
}
