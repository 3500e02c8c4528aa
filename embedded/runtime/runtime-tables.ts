import type { SystemTableDefinition } from "../database/types.ts";

/**
 * One row per scheduled function as `ctx.db.system` shows it, in the component that scheduled it:
 * `{ name: "module.js:export", args: [object], scheduledTime: ms, completedTime?: ms,
 *    state: { kind: "pending" | "inProgress" | "success" | "canceled" } | { kind: "failed", error } }`.
 */
export const SCHEDULED_FUNCTIONS = "_scheduled_functions";

/**
 * What the scheduler needs besides, all in the root component (`ScheduledJob` in job-records.ts).
 * A row exists while its job is pending or in progress, and afterwards until it is due for removal.
 */
export const SCHEDULED_JOBS = "_scheduled_jobs";

/**
 * One row per stored file as `ctx.db.system` shows it, in its component:
 * `{ sha256: base64, size: bytes, contentType?: string }`.
 */
export const STORAGE = "_storage";

/** Where a file's bytes are and its public UUID, in the root component (`StoredFile` in file-records.ts). */
export const STORED_FILES = "_stored_files";

export const RUNTIME_SYSTEM_TABLES: readonly SystemTableDefinition[] = [
  {
    name: SCHEDULED_JOBS,
    indexes: [
      { name: "by_status_and_dueAt", fields: ["status", "dueAt"] },
      {
        name: "by_status_and_function_and_dueAt",
        fields: ["status", "componentPath", "path", "dueAt"],
      },
      { name: "by_jobId", fields: ["jobId"] },
    ],
  },
  {
    name: STORED_FILES,
    indexes: [
      { name: "by_uuid", fields: ["uuid"] },
      { name: "by_storageId", fields: ["storageId"] },
      { name: "by_blobKey", fields: ["blobKey"] },
    ],
  },
];
