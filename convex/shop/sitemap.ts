import { v } from "convex/values";

import { publicQuery } from "../lib/functions.ts";
import * as Sitemap from "../model/sitemap.ts";

const vStart = v.union(v.string(), v.null());

/** The part of the catalogue that begins at `start`, the end of another part or null. */
export const part = publicQuery({
  args: { start: vStart },
  returns: v.object({ end: v.string(), isLast: v.boolean(), isEmpty: v.boolean() }),
  handler: (ctx, { start }) => Sitemap.findPart(ctx, start),
});

/** The products of one part, the oldest first. */
export const products = publicQuery({
  args: { start: vStart, end: v.string() },
  returns: v.array(v.object({ slug: v.string() })),
  handler: (ctx, args) => Sitemap.listPart(ctx, args),
});
