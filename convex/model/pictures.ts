import type { Infer } from "convex/values";

import type { QueryCtx } from "../_generated/server";
import type { vStoredPicture } from "../tables/catalog.ts";
import type { vPicture } from "../tables/catalogViews.ts";

export type StoredPicture = Infer<typeof vStoredPicture>;
export type Picture = Infer<typeof vPicture>;

/**
 * A stored picture with its address. The address is asked for each time, because it holds the
 * deployment's own, which changes when the shop moves. Null when the file is gone.
 */
export async function viewPicture(
  ctx: Pick<QueryCtx, "storage">,
  picture: StoredPicture | null | undefined,
): Promise<Picture | null> {
  if (picture === null || picture === undefined) return null;
  const url = await ctx.storage.getUrl(picture.storageId);
  const { alt, width, height } = picture;
  return url === null ? null : { url, alt, width, height };
}
