import { v } from "convex/values";

import { internalMutation, internalQuery } from "../lib/functions.ts";
import { findViewer } from "../lib/viewer.ts";
import { createPasswordAccount } from "../model/accounts.ts";
import * as SignIn from "../model/signIn.ts";

const vAttempt = { email: v.string(), address: v.string() };

/** The viewer if there is one, otherwise a new guest. Throws RATE_LIMITED. */
export const ensureGuest = internalMutation({
  args: { address: v.string() },
  returns: v.id("users"),
  handler: async (ctx, { address }) => {
    const viewer = await findViewer(ctx);
    return viewer?.userId ?? (await SignIn.createGuest(ctx, address));
  },
});

/** Whether the text names a refresh token and its session, or could have once. */
export const isRefreshToken = internalQuery({
  args: { refreshToken: v.string() },
  returns: v.boolean(),
  handler: (ctx, { refreshToken }) => SignIn.isRefreshToken(ctx, refreshToken),
});

/** Counts a password attempt and returns what to verify it against. Throws RATE_LIMITED. */
export const begin = internalMutation({
  args: vAttempt,
  returns: v.union(v.object({ userId: v.id("users"), passwordHash: v.string() }), v.null()),
  handler: (ctx, attempt) => SignIn.beginAttempt(ctx, attempt),
});

/** The password was right. Says whether the account may be used. */
export const end = internalMutation({
  args: { ...vAttempt, userId: v.id("users") },
  returns: v.union(v.literal("active"), v.literal("deactivated")),
  handler: async (ctx, attempt) => {
    await SignIn.endAttempt(ctx, attempt);
    const user = await ctx.db.get("users", attempt.userId);
    return user === null || user.deactivatedAt !== null ? "deactivated" : "active";
  },
});

/** Throws RATE_LIMITED. */
export const limitSignUps = internalMutation({
  args: { address: v.string() },
  returns: v.null(),
  handler: async (ctx, { address }) => {
    await SignIn.limitSignUps(ctx, address);
    return null;
  },
});

/** Null when the address was taken meanwhile. */
export const createAccount = internalMutation({
  args: {
    email: v.string(),
    firstName: v.string(),
    lastName: v.string(),
    passwordHash: v.string(),
  },
  returns: v.union(v.id("users"), v.null()),
  handler: (ctx, account) =>
    createPasswordAccount(ctx, {
      ...account,
      role: "client",
      phone: null,
      registeredAt: Date.now(),
    }),
});
