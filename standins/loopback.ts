const LOOPBACK_HOSTNAMES = new Set(["127.0.0.1", "localhost", "[::1]", "::1"]);

/**
 * The stand-ins believe whoever asks them, so they listen on this machine only.
 * @throws RangeError when `host` is another machine's or a public address.
 */
export function assertLoopbackHost(host: string): void {
  if (!LOOPBACK_HOSTNAMES.has(host)) {
    throw new RangeError(`A stand-in listens on a loopback address only, not on ${host}.`);
  }
}

/** @throws RangeError unless the address is an http(s) address of this machine. */
export function assertLoopbackUrl(url: string): void {
  assertLoopbackHost(new URL(url).hostname);
}

/** Whether a `Host` header names this machine; a rebound name of a web page does not. */
export function isLoopbackAuthority(authority: string | undefined): boolean {
  if (authority === undefined || authority === "") return false;
  const address = `http://${authority}`;
  return URL.canParse(address) && LOOPBACK_HOSTNAMES.has(new URL(address).hostname);
}
