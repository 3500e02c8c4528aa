import { defineTable } from "convex/server";
import { v } from "convex/values";

export const vRole = v.union(v.literal("client"), v.literal("agent"), v.literal("manager"));

/** A guest is a browser that has written something; an account has an address and a password. */
export const vUserKind = v.union(v.literal("guest"), v.literal("account"));

export const usersTables = {
  users: defineTable({
    kind: vUserKind,
    role: vRole,
    /** Lower case, and null for guests. */
    email: v.union(v.string(), v.null()),
    firstName: v.string(),
    lastName: v.string(),
    phone: v.union(v.string(), v.null()),
    emailVerifiedAt: v.union(v.number(), v.null()),
    deactivatedAt: v.union(v.number(), v.null()),
    /** The account that took over this guest's cart and orders; set once. */
    mergedIntoUserId: v.union(v.id("users"), v.null()),
    registeredAt: v.number(),
  })
    .index("by_email", ["email"])
    .index("by_kind_and_registeredAt", ["kind", "registeredAt"])
    .index("by_role", ["role"]),

  addresses: defineTable({
    userId: v.id("users"),
    name: v.string(),
    line1: v.string(),
    line2: v.union(v.string(), v.null()),
    postalCode: v.string(),
    city: v.string(),
    region: v.union(v.string(), v.null()),
    country: v.string(),
    phone: v.union(v.string(), v.null()),
    isDefault: v.boolean(),
  }).index("by_userId", ["userId"]),
};
