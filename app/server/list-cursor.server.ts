import { redirect } from "@remix-run/node";

import { asAppError } from "#app/lib/errors.ts";
import { isTokenRejection, isUnavailable } from "#app/server/convex.server.ts";

/**
 * Reads the page of a list that `after` in the address points to. A cursor that leads nowhere any
 * more, or never did, is no error of the visitor's: the list starts again at its first page.
 */
export async function readFromCursor<T>(request: Request, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const url = new URL(request.url);
    const isOwnCursor = !url.searchParams.has("after");
    if (isOwnCursor || asAppError(error) !== null || isUnavailable(error)) throw error;
    if (isTokenRejection(error)) throw error;
    url.searchParams.delete("after");
    throw redirect(url.pathname + url.search);
  }
}
