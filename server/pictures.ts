import type { RequestHandler } from "express";

import { type Images, parseImageRequest } from "#app/server/images.server.ts";
import { STORED_FILE_HEADERS } from "#app/server/security-headers.server.ts";

const YEAR_SECONDS = 365 * 24 * 60 * 60;

/**
 * A stored picture at one of the widths: `/images/<storage id>?w=640&f=webp`. Before the pages and
 * without a session, because shared caches keep the answer.
 */
export function servePictures(images: Images): RequestHandler {
  return (request, response, next) => {
    const query = new URL(request.originalUrl, "http://shop.invalid").searchParams;
    const wanted = parseImageRequest(request.params["storageId"], query);
    const found = wanted === null ? Promise.resolve(null) : images.get(wanted);
    found.then((picture) => {
      if (wanted === null || picture === null) {
        response.status(404).type("text/plain").send("No such picture\n");
        return;
      }
      response
        .set({
          ...STORED_FILE_HEADERS,
          "content-type": `image/${wanted.format}`,
          // A storage id never gets other content.
          "cache-control": `public, max-age=${YEAR_SECONDS}, immutable`,
        })
        .send(picture);
    }, next);
  };
}
