import { defineTable } from "convex/server";
import { v } from "convex/values";

/**
 * The tables of the sign-in library, with the indexes that it asks for by name and one more by
 * which the sweep finds the expired; `users` is ours.
 * https://labs.convex.dev/auth/setup/schema
 */
export const authenticationTables = {
  authAccounts: defineTable({
    userId: v.id("users"),
    provider: v.string(),
    providerAccountId: v.string(),
    secret: v.optional(v.string()),
    emailVerified: v.optional(v.string()),
    phoneVerified: v.optional(v.string()),
  })
    .index("userIdAndProvider", ["userId", "provider"])
    .index("providerAndAccountId", ["provider", "providerAccountId"]),
  authVerificationCodes: defineTable({
    accountId: v.id("authAccounts"),
    provider: v.string(),
    code: v.string(),
    expirationTime: v.number(),
    verifier: v.optional(v.string()),
    emailVerified: v.optional(v.string()),
    phoneVerified: v.optional(v.string()),
  })
    .index("accountId", ["accountId"])
    .index("code", ["code"]),
  authVerifiers: defineTable({
    sessionId: v.optional(v.id("authSessions")),
    signature: v.optional(v.string()),
  }).index("signature", ["signature"]),
  authRateLimits: defineTable({
    identifier: v.string(),
    lastAttemptTime: v.number(),
    attemptsLeft: v.number(),
  }).index("identifier", ["identifier"]),
  authSessions: defineTable({ userId: v.id("users"), expirationTime: v.number() })
    .index("userId", ["userId"])
    .index("by_expirationTime", ["expirationTime"]),
  authRefreshTokens: defineTable({
    sessionId: v.id("authSessions"),
    expirationTime: v.number(),
    firstUsedTime: v.optional(v.number()),
    parentRefreshTokenId: v.optional(v.id("authRefreshTokens")),
  })
    // eslint-disable-next-line @convex-dev/no-duplicate-indexes -- the library sorts by age with it
    .index("sessionId", ["sessionId"])
    .index("sessionIdAndParentRefreshTokenId", ["sessionId", "parentRefreshTokenId"])
    .index("by_expirationTime", ["expirationTime"]),
  /** Addresses from which an account has been signed in to; they pass its account-wide limit. */
  knownAddresses: defineTable({
    userId: v.id("users"),
    address: v.string(),
    lastUsedAt: v.number(),
  }).index("by_userId_and_address", ["userId", "address"]),
};
