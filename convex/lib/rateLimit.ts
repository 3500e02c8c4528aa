import type { Doc } from "../_generated/dataModel";
import type { MutationCtx } from "../_generated/server";
import type { BucketConfig } from "../domain/tokenBucket.ts";
import { giveBack, take } from "../domain/tokenBucket.ts";
import { appError } from "./errors.ts";

/** Counts an attempt. Throws RATE_LIMITED with the time until the next one may be made. */
export async function takeToken(
  ctx: MutationCtx,
  key: string,
  config: BucketConfig,
): Promise<void> {
  const row = await findBucket(ctx, key);
  const decision = take(row, config, Date.now());
  if (!decision.ok) {
    throw appError({ code: "RATE_LIMITED", retryAfterMs: decision.retryAfterMs });
  }
  if (row === null) await ctx.db.insert("rateLimits", { key, ...decision.bucket });
  else await ctx.db.patch("rateLimits", row._id, decision.bucket);
}

/** Takes back an attempt that was counted but turned out to be in order. */
export async function giveTokenBack(
  ctx: MutationCtx,
  key: string,
  config: BucketConfig,
): Promise<void> {
  const row = await findBucket(ctx, key);
  if (row !== null) await ctx.db.patch("rateLimits", row._id, giveBack(row, config, Date.now()));
}

async function findBucket(ctx: MutationCtx, key: string): Promise<Doc<"rateLimits"> | null> {
  return await ctx.db
    .query("rateLimits")
    .withIndex("by_key", (q) => q.eq("key", key))
    .unique();
}
