import { defineTable } from "convex/server";
import { v } from "convex/values";

import { vPermission } from "./appError.ts";

/** What a staff action changed: plain values, so that the log can show before and after. */
export const vAuditChange = v.object({
  field: v.string(),
  before: v.union(v.string(), v.number(), v.boolean(), v.null()),
  after: v.union(v.string(), v.number(), v.boolean(), v.null()),
});

export const operationsTables = {
  auditEntries: defineTable({
    at: v.number(),
    actorId: v.id("users"),
    actorName: v.string(),
    permission: vPermission,
    /** The function's path below `admin/`, for example "products.setPrice". */
    action: v.string(),
    /** What it was done to: a table and an id or number. */
    subject: v.object({ table: v.string(), id: v.string(), label: v.string() }),
    changes: v.array(vAuditChange),
  })
    .index("by_at", ["at"])
    .index("by_actorId_and_at", ["actorId", "at"])
    .index("by_subject_and_at", ["subject.table", "subject.id", "at"]),

  /** Files of the demo shop that are already in storage, so that an interrupted import resumes. */
  demoFiles: defineTable({
    file: v.string(),
    storageId: v.id("_storage"),
    width: v.number(),
    height: v.number(),
  }).index("by_file", ["file"]),

  /** Finished steps of the demo import. */
  demoSteps: defineTable({ step: v.string(), finishedAt: v.number() }).index("by_step", ["step"]),
};
