import { defineTable } from "convex/server";
import { v } from "convex/values";

export const counterTables = {
  /** The last number given out. Read and raised in the transaction that uses it: no gaps. */
  counters: defineTable({ name: v.literal("order"), value: v.number() }).index("by_name", ["name"]),
};
