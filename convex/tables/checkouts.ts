import { defineTable } from "convex/server";
import type { Validator } from "convex/values";
import { v } from "convex/values";

import type { Address, Contact } from "../domain/address.ts";
import { vDeliveryMethodId } from "./settings.ts";

export const vAddress = v.object({
  name: v.string(),
  line1: v.string(),
  line2: v.union(v.string(), v.null()),
  postalCode: v.string(),
  city: v.string(),
  region: v.union(v.string(), v.null()),
  country: v.string(),
}) satisfies Validator<Address, "required", string>;

export const vContact = v.object({
  name: v.string(),
  email: v.string(),
  phone: v.union(v.string(), v.null()),
}) satisfies Validator<Contact, "required", string>;

export const checkoutTables = {
  /** What a shopper has entered so far; one row each. */
  checkouts: defineTable({
    userId: v.id("users"),
    contact: v.union(vContact, v.null()),
    address: v.union(vAddress, v.null()),
    deliveryMethod: v.union(vDeliveryMethodId, v.null()),
    /** The order that payment was begun for; a new attempt replaces it. */
    orderId: v.union(v.id("orders"), v.null()),
    updatedAt: v.number(),
  })
    .index("by_userId", ["userId"])
    .index("by_updatedAt", ["updatedAt"]),
};
