import type { Catalog } from "../database/types.ts";
import { MODULE_SYSTEM_TABLES } from "../modules/module-tables.ts";
import { RUNTIME_SYSTEM_TABLES } from "../runtime/runtime-tables.ts";
import { SESSION_REQUESTS_TABLE } from "./session-requests.ts";

/**
 * Declares the indexes of every system table that running functions needs. Call once at start-up,
 * before the first transaction.
 *
 * - `modules/module-tables.ts`: deployed code and environment variables,
 * - `runtime/job-records.ts`: scheduled functions,
 * - `runtime/file-records.ts`: stored files,
 * - `functions/session-requests.ts`: answered mutations of sockets.
 */
export function defineFunctionTables(catalog: Catalog): void {
  for (const definition of [
    ...MODULE_SYSTEM_TABLES,
    ...RUNTIME_SYSTEM_TABLES,
    SESSION_REQUESTS_TABLE,
  ]) {
    catalog.defineSystemTable(definition);
  }
}
