import { v } from "convex/values";

import { publicQuery } from "../lib/functions.ts";
import * as Sitemap from "../model/sitemap.ts";

const vStart = v.union(v.string(), v.null());
const vLast = v.union(v.object({ publishedAt: v.number(), createdAt: v.number() }), v.null());

/** The part of the catalogue that begins at `start`, the end of another part or null. */
export const part = publicQuery({
  args: { start: vStart },
  returns: v.object({ end: v.string(), last: vLast, isLast: v.boolean(), isEmpty: v.boolean() }),
  handler: (ctx, { start }) => Sitemap.findPart(ctx, start),
});

/** The products of the part from `start` to `last`, the oldest first; never more than a part has. */
export const products = publicQuery({
  args: { start: vStart, last: vLast },
  returns: v.array(v.object({ slug: v.string() })),
  handler: (ctx, args) => Sitemap.listPart(ctx, args),
});
