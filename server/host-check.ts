import type { RequestHandler } from "express";

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/**
 * Lets requests for the public address through. On a loopback address its other names lead to it;
 * everything else is refused, so that no foreign name can point at this server.
 */
export function requirePublicHost(publicUrl: string): RequestHandler {
  const expected = new URL(publicUrl);
  return (request, response, next) => {
    const host = request.headers.host?.toLowerCase();
    if (host === expected.host) {
      next();
    } else if (isOtherLoopbackName(host, expected) && request.method === "GET") {
      response.redirect(307, publicUrl + request.originalUrl);
    } else {
      response
        .status(421)
        .type("text/plain")
        .send(`This server answers for ${expected.host} only.\n`);
    }
  };
}

/** The same for an upgrade, which cannot be redirected. */
export function isPublicHost(host: string | undefined, publicUrl: string): boolean {
  const expected = new URL(publicUrl);
  return host?.toLowerCase() === expected.host || isOtherLoopbackName(host, expected);
}

function isOtherLoopbackName(host: string | undefined, expected: URL): boolean {
  if (host === undefined || !URL.canParse(`http://${host}`)) return false;
  const { hostname, port } = new URL(`http://${host}`);
  return LOOPBACK.has(expected.hostname) && LOOPBACK.has(hostname) && port === expected.port;
}
