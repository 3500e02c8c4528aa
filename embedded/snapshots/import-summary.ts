import type { Catalog } from "../database/types.ts";
import { isIdentifier } from "../values/validator.ts";
import { ImportError } from "./import-error.ts";
import type { ImportMode } from "./import-records.ts";
import type { ImportSource } from "./import-source.ts";
import { parseRow } from "./import-table.ts";

/** What an import will change, for the person who has to confirm it. */
export interface ImportSummary {
  readonly message: string;
  /** Whether rows or files are deleted. */
  readonly isDestructive: boolean;
}

interface TableChange {
  readonly componentPath: string;
  readonly name: string;
  added: number;
}

const BACKGROUND_NOTE =
  "Once the import has started, it will run in the background.\n" +
  "Interrupting `npx convex import` will not cancel it.";

/**
 * Reads the file to its end once, and compares it with what is there.
 * @throws ImportError for the first row that is no JSON object, and for a table that is not empty when
 *   it has to be.
 */
export async function summarizeImport(
  source: ImportSource,
  mode: ImportMode,
  catalog: Catalog,
): Promise<ImportSummary> {
  const changes = await countRows(source);
  if (mode === "replaceAll") addOthers(changes, catalog);
  const rows = [...changes.values()].sort(byPlace).map((change) => {
    const existing = rowCount(catalog, change);
    if (mode === "requireEmpty" && existing > 0) {
      throw new ImportError(
        `Table ${change.name} already exists. Please choose a new table name or use replace/append ` +
          "modes.",
      );
    }
    return { ...change, existing, deleted: mode === "append" ? 0 : existing };
  });
  const lines = rows.length === 0 ? [] : ["Import change summary:", ...render(rows)];
  return {
    message: [...lines, BACKGROUND_NOTE].join("\n"),
    isDestructive: rows.some(({ deleted }) => deleted > 0),
  };
}

async function countRows(source: ImportSource): Promise<Map<string, TableChange>> {
  const changes = new Map<string, TableChange>();
  const add = (componentPath: string, name: string, added: number): void => {
    const key = JSON.stringify([componentPath, name]);
    const change = changes.get(key);
    if (change === undefined) changes.set(key, { componentPath, name, added });
    else change.added += added;
  };
  for (const table of source.tables) {
    let row = 0;
    for await (const json of table.rows()) {
      row += 1;
      const fields = parseRow(json, row);
      if (table.name === "_tables") add(table.componentPath, requireName(fields["name"], row), 0);
    }
    if (table.name !== "_tables") add(table.componentPath, table.name, row);
  }
  return changes;
}

function requireName(name: unknown, row: number): string {
  if (typeof name !== "string") {
    throw new ImportError(`Row ${row} wasn't a valid Convex value: table requires name`);
  }
  if (isIdentifier(name)) return name;
  throw new ImportError(`${JSON.stringify(name)} isn't a valid table name`);
}

/** Tables that the import empties or removes because they are not in it. */
function addOthers(changes: Map<string, TableChange>, catalog: Catalog): void {
  for (const componentPath of catalog.componentPaths()) {
    for (const { name, isSystem } of catalog.tables(componentPath)) {
      const key = JSON.stringify([componentPath, name]);
      if (!isSystem && !changes.has(key)) changes.set(key, { componentPath, name, added: 0 });
    }
  }
}

function rowCount(catalog: Catalog, { componentPath, name }: TableChange): number {
  return catalog.tables(componentPath).find((table) => table.name === name)?.count ?? 0;
}

function byPlace(left: TableChange, right: TableChange): number {
  if (left.componentPath !== right.componentPath) {
    return left.componentPath < right.componentPath ? -1 : 1;
  }
  return left.name < right.name ? -1 : 1;
}

type RenderedChange = TableChange & { readonly existing: number; readonly deleted: number };

/** A table for each component, the root one first. */
function render(changes: readonly RenderedChange[]): string[] {
  const paths = [...new Set(changes.map(({ componentPath }) => componentPath))];
  return paths.flatMap((path) => [
    ...(path === "" ? [] : [`Component ${path}`]),
    ...renderTable(changes.filter(({ componentPath }) => componentPath === path)),
  ]);
}

function renderTable(changes: readonly RenderedChange[]): string[] {
  const count = (number: number) => number.toLocaleString("en-US");
  const cells = changes.map(({ name, added, deleted, existing }) => {
    const unit = name === "_storage" ? " files" : "";
    return [name, count(added), `${count(deleted)} of ${count(existing)}${unit}`];
  });
  const all = [["table", "create", "delete"], ...cells];
  const widths = [0, 1, 2].map((column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const [header = "", ...lines] = all.map(
    (row) => `${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`,
  );
  return [header, "-".repeat(header.length), ...lines];
}
