import type { Validator } from "../values/validator.ts";
import type { CatalogState, TableState } from "./catalog-state.ts";
import { DatabaseError } from "./database-error.ts";
import type { ComponentPath, ImportOptions } from "./types.ts";

/** The tables of an import, with the numbers they will have. */
export interface ImportedTables {
  readonly options: ImportOptions;
  readonly componentPaths: readonly ComponentPath[];
  /** `null` for a table that is not imported. */
  tableNumber(componentPath: ComponentPath, name: string): number | null;
}

interface CheckedDatabase {
  readonly catalog: CatalogState;
  rowCount(table: TableState): number;
}

/**
 * An import that gives a table another number breaks the ids that rows outside of the import hold.
 * @throws DatabaseError `ImportForeignKey` when the schema of a table with rows refers to such a table.
 */
export function checkReferences(database: CheckedDatabase, imported: ImportedTables): void {
  const { catalog } = database;
  // Then no row outside of the import is left.
  if (imported.options.clearsOthers) return;
  for (const componentPath of imported.componentPaths) {
    const { schema, tables } = catalog.component(componentPath);
    if (schema?.isEnforced !== true) continue;
    for (const { name, documentType } of schema.tables.values()) {
      const table = tables.get(name);
      if (table === undefined || documentType === null || database.rowCount(table) === 0) continue;
      if (imported.tableNumber(componentPath, name) !== null) continue;
      for (const target of referencedTables(documentType)) {
        const current = tables.get(target)?.number;
        const next = imported.tableNumber(componentPath, target);
        if (current === undefined || next === null || next === current) continue;
        throw new DatabaseError(
          "ImportForeignKey",
          `Import changes table '${target}' which is referenced by '${name}' in the schema`,
        );
      }
    }
  }
}

/** Tables whose ids a validator asks for. */
function referencedTables(validator: Validator): string[] {
  switch (validator.type) {
    case "id":
      return [validator.tableName];
    case "array":
      return referencedTables(validator.value);
    case "union":
      return validator.value.flatMap(referencedTables);
    case "object":
      return [...validator.value.values()].flatMap(({ fieldType }) => referencedTables(fieldType));
    case "record":
      return [...referencedTables(validator.keys), ...referencedTables(validator.values)];
    default:
      return [];
  }
}
