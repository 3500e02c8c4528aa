import type { LoaderFunctionArgs } from "@remix-run/node";

import { loadQueries } from "#app/server/preload.server.ts";
import { api } from "#convex/_generated/api.js";

/** The data of the header and the footer, for every layout that has them. */
export function loadShopShell(args: Pick<LoaderFunctionArgs, "context" | "request">) {
  return loadQueries(args, async (preload) => {
    const [settings, categories, viewer, cartCount] = await Promise.all([
      preload(api.shop.settings.get),
      preload(api.shop.categories.list),
      preload(api.account.viewer.get),
      preload(api.shop.cart.count),
    ]);
    return { settings, categories, viewer, cartCount };
  });
}
