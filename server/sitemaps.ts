import { createHash } from "node:crypto";

import type { RequestHandler } from "express";

import { parseSitemapPath, type Sitemaps } from "#app/server/sitemap.server.ts";

const HOUR_SECONDS = 60 * 60;

/** Sitemaps for search engines; before the pages and without a session, as anybody gets the same. */
export function serveSitemaps(sitemaps: Sitemaps): RequestHandler {
  return (request, response, next) => {
    const isRead = request.method === "GET" || request.method === "HEAD";
    const name = isRead ? parseSitemapPath(request.path) : null;
    if (name === null) {
      next();
      return;
    }
    sitemaps.read(name).then((sitemap) => {
      if (sitemap === null) {
        response.status(404).type("text/plain").send("No such sitemap\n");
        return;
      }
      response
        .set({
          // Weak, as it stands for the compressed one too.
          etag: `W/"${createHash("sha256").update(sitemap).digest("base64url")}"`,
          "cache-control": `public, max-age=${HOUR_SECONDS}`,
        })
        .type("application/xml")
        .send(sitemap);
    }, next);
  };
}
