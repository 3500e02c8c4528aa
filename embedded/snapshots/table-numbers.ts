import { decodeDocumentId } from "../values/document-id.ts";
import type { ImportTable } from "../database/types.ts";
import { ImportError } from "./import-error.ts";
import type { ImportSource } from "./import-source.ts";
import { parseRow, type ImportedTable } from "./import-table.ts";

/**
 * The tables of an import with the numbers that ids of their rows carry: as `_tables` says, else as
 * the first row's `_id` does. Tables that `_tables` names without rows come along, empty.
 * @throws ImportError when two tables claim one number or one table two.
 */
export async function tablesToImport(source: ImportSource): Promise<ImportTable[]> {
  const tables = new Map<string, ImportTable>();
  const add = (table: ImportTable): void => {
    const key = JSON.stringify([table.componentPath, table.name]);
    if (!tables.has(key)) tables.set(key, table);
  };
  for (const table of source.tables) {
    if (table.name !== "_tables") continue;
    for (const entry of await tableEntries(table)) add(entry);
  }
  for (const table of source.tables) {
    if (table.name === "_tables") continue;
    const { componentPath, name } = table;
    add({ componentPath, name, number: await firstNumber(table) });
  }
  return [...tables.values()];
}

async function tableEntries(table: ImportedTable): Promise<ImportTable[]> {
  const entries: ImportTable[] = [];
  let row = 0;
  for await (const json of table.rows()) {
    row += 1;
    const { name, id } = parseRow(json, row);
    if (typeof name !== "string" || typeof id !== "number" || !isTableNumber(id)) {
      throw new ImportError(
        `Row ${row} wasn't a valid Convex value: table requires name and id (received ${json})`,
      );
    }
    if (entries.some((entry) => entry.name === name)) {
      throw new ImportError(`\`_tables\` contains duplicate entries for \`${name}\``);
    }
    entries.push({ componentPath: table.componentPath, name, number: id });
  }
  return entries;
}

async function firstNumber(table: ImportedTable): Promise<number | null> {
  for await (const json of table.rows()) {
    const { _id: id } = parseRow(json, 1);
    return typeof id === "string" ? (decodeDocumentId(id)?.tableNumber ?? null) : null;
  }
  return null;
}

function isTableNumber(id: number): boolean {
  return Number.isInteger(id) && id > 0 && id <= 0xffffffff;
}
