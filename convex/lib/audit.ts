import type { Infer } from "convex/values";

import type { MutationCtx } from "../_generated/server";
import type { Permission } from "../domain/permissions.ts";
import type { vAuditChange } from "../tables/operations.ts";
import type { Viewer } from "./viewer.ts";

export type AuditChange = Infer<typeof vAuditChange>;

export type AuditRecord = {
  subject: { table: string; id: string; label: string };
  changes: AuditChange[];
};

/** Collects what a staff mutation did; the builder writes it in the same transaction. */
export type AuditTrail = { record: (entry: AuditRecord) => void };

export async function writeAuditEntries(
  ctx: MutationCtx,
  options: { viewer: Viewer; permission: Permission; action: string; records: AuditRecord[] },
): Promise<void> {
  const { viewer, permission, action } = options;
  for (const { subject, changes } of options.records) {
    await ctx.db.insert("auditEntries", {
      at: Date.now(),
      actorId: viewer.userId,
      actorName: `${viewer.user.firstName} ${viewer.user.lastName}`.trim(),
      permission,
      action,
      subject,
      changes,
    });
  }
}
