import type { SystemTableDefinition, Transaction } from "../database/types.ts";
import { findRow, insertRow, replaceRow, textField } from "../modules/system-documents.ts";
import { parseAuthProvider, type AuthProvider } from "./auth-provider.ts";

/** One row `{ providersJson }`: the `providers` of `auth.config.ts` as evaluated at the last push. */
const AUTH_CONFIG = "_auth_config";

export const AUTH_CONFIG_TABLE: SystemTableDefinition = { name: AUTH_CONFIG, indexes: [] };

export function readAuthProviders(transaction: Transaction): readonly AuthProvider[] {
  return parseProviders(readProvidersJson(transaction));
}

/** JSON text of the array of providers; `[]` before the first push. */
export function readProvidersJson(transaction: Transaction): string {
  const row = findRow(transaction, AUTH_CONFIG, "by_creation_time");
  return row === null ? "[]" : textField(row, "providersJson");
}

/** @throws ServiceError `InvalidAuthConfig`. */
export function writeProvidersJson(transaction: Transaction, providersJson: string): void {
  parseProviders(providersJson);
  const row = findRow(transaction, AUTH_CONFIG, "by_creation_time");
  if (row === null) insertRow(transaction, AUTH_CONFIG, { providersJson });
  else if (textField(row, "providersJson") !== providersJson) {
    replaceRow(transaction, row.id, { providersJson });
  }
}

/** @throws ServiceError `InvalidAuthConfig`. */
export function parseProviders(providersJson: string): readonly AuthProvider[] {
  return (JSON.parse(providersJson) as unknown[]).map(parseAuthProvider);
}
