import type { EngineDatabase, IndexDescription, SchemaDiff } from "../../database/types.ts";

/** Index changes of one component, in the words of the command line (deployApi/finishPush.ts). */
export function indexDiffReply(diff: SchemaDiff): object {
  return {
    added_indexes: diff.addedIndexes.map(indexReply),
    removed_indexes: diff.droppedIndexes.map(indexReply),
    enabled_indexes: diff.enabledIndexes.map(indexReply),
    disabled_indexes: diff.disabledIndexes.map(indexReply),
  };
}

/** What a schema would cost (deployApi/evaluateSchema.ts): rows to check and indexes to build. */
export function schemaEvaluationReply(
  database: EngineDatabase,
  schemaJson: string | null,
  diff: SchemaDiff,
): object {
  const schema = schemaJson === null ? null : (JSON.parse(schemaJson) as SchemaExport);
  const isChanged = database.schemaJson("") !== schemaJson;
  const counts = new Map(database.tables("").map(({ name, count }) => [name, count]));
  const isValidated = schema?.schemaValidation ?? false;
  const outcome = isChanged ? "mustWalk" : "supersetOfEnforced";
  const component = {
    definitionPath: "",
    schemaValidation: isValidated,
    tables: (schema?.tables ?? []).map(({ tableName }) => ({
      name: tableName,
      outcome: isValidated ? outcome : "notValidated",
      numDocs: counts.get(tableName) ?? 0,
      sizeBytes: 0,
    })),
    indexes: [
      ...predictions(diff.addedIndexes, "added", true, counts),
      ...predictions(diff.droppedIndexes, "dropped", false, counts),
      ...predictions(diff.enabledIndexes, "enabled", false, counts),
      ...predictions(diff.disabledIndexes, "disabled", false, counts),
    ],
  };
  return { componentSchemaEvaluations: { "": component }, newComponentDefinitions: [] };
}

interface SchemaExport {
  readonly tables: readonly { readonly tableName: string }[];
  readonly schemaValidation: boolean;
}

function predictions(
  indexes: readonly IndexDescription[],
  change: "added" | "dropped" | "enabled" | "disabled",
  needsBackfill: boolean,
  counts: ReadonlyMap<string, number>,
): object[] {
  return indexes.map((index) => ({
    ...indexReply(index),
    change,
    needsBackfill,
    numDocs: counts.get(index.table) ?? 0,
  }));
}

function indexReply({ table, name, staged, definition }: IndexDescription): object {
  const named = { name: `${table}.${name}`, staged };
  return definition.kind === "database"
    ? { ...named, type: "database", fields: definition.fields }
    : {
        ...named,
        type: "search",
        searchField: definition.searchField,
        filterFields: definition.filterFields,
      };
}
