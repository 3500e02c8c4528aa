import type { Id } from "../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../_generated/server";
import { giveTokenBack, takeToken } from "../lib/rateLimit.ts";
import { findPasswordAccount } from "./accounts.ts";

const MAX_KNOWN_ADDRESSES = 20;

export type Attempt = { email: string; address: string };

export type AttemptedAccount = { userId: Id<"users">; passwordHash: string };

/**
 * Counts the attempt before the password is looked at, so that parallel ones count too. The limit
 * of the account spares addresses that have signed in to it before: whoever guesses at somebody's
 * password does not keep them out.
 */
export async function beginAttempt(
  ctx: MutationCtx,
  { email, address }: Attempt,
): Promise<AttemptedAccount | null> {
  const account = await findPasswordAccount(ctx, email);
  await takeToken(ctx, "signInFromAddress", address);
  await takeToken(ctx, "signInFromAddressToAccount", `${address}:${email}`);
  const isKnown = account !== null && (await findKnown(ctx, account.userId, address)) !== null;
  if (!isKnown) await takeToken(ctx, "signInToAccount", email);
  return account === null ? null : { userId: account.userId, passwordHash: account.secret ?? "" };
}

/** The password was right: the attempt does not count, and the address is known from now on. */
export async function endAttempt(
  ctx: MutationCtx,
  { email, address, userId }: Attempt & { userId: Id<"users"> },
): Promise<void> {
  await giveTokenBack(ctx, "signInFromAddress", address);
  await giveTokenBack(ctx, "signInFromAddressToAccount", `${address}:${email}`);
  const known = await findKnown(ctx, userId, address);
  if (known !== null) {
    await ctx.db.patch("knownAddresses", known._id, { lastUsedAt: Date.now() });
    return;
  }
  await giveTokenBack(ctx, "signInToAccount", email);
  await ctx.db.insert("knownAddresses", { userId, address, lastUsedAt: Date.now() });
  await forgetOldest(ctx, userId);
}

export async function limitSignUps(ctx: MutationCtx, address: string): Promise<void> {
  await takeToken(ctx, "signUp", address);
}

/** As the library writes them: the ids of a refresh token and of its session, whether or not they still exist. */
export function isRefreshToken(ctx: QueryCtx, text: string): boolean {
  const [tokenId = "", sessionId = "", ...rest] = text.split("|");
  return (
    ctx.db.normalizeId("authRefreshTokens", tokenId) === tokenId &&
    ctx.db.normalizeId("authSessions", sessionId) === sessionId &&
    rest.length === 0
  );
}

/** A new guest: a browser that is about to write something. */
export async function createGuest(ctx: MutationCtx, address: string): Promise<Id<"users">> {
  await takeToken(ctx, "guest", address);
  return await ctx.db.insert("users", {
    kind: "guest",
    role: "client",
    email: null,
    firstName: "",
    lastName: "",
    phone: null,
    emailVerifiedAt: null,
    deactivatedAt: null,
    mergedIntoUserId: null,
    registeredAt: Date.now(),
  });
}

async function findKnown(ctx: MutationCtx, userId: Id<"users">, address: string) {
  return await ctx.db
    .query("knownAddresses")
    .withIndex("by_userId_and_address", (q) => q.eq("userId", userId).eq("address", address))
    .unique();
}

async function forgetOldest(ctx: MutationCtx, userId: Id<"users">): Promise<void> {
  const known = await ctx.db
    .query("knownAddresses")
    .withIndex("by_userId_and_address", (q) => q.eq("userId", userId))
    .take(MAX_KNOWN_ADDRESSES + 1);
  if (known.length <= MAX_KNOWN_ADDRESSES) return;
  const oldest = known.reduce((a, b) => (b.lastUsedAt < a.lastUsedAt ? b : a));
  await ctx.db.delete("knownAddresses", oldest._id);
}
