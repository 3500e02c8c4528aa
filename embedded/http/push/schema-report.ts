import type {
  ComponentPath,
  EngineDatabase,
  IndexDescription,
  SchemaDiff,
} from "../../database/types.ts";
import type { AnalyzedProject } from "../../modules/analyze.ts";
import { listComponents } from "../../modules/component-store.ts";

/** Index changes of one component, in the words of the command line (deployApi/finishPush.ts). */
export function indexDiffReply(diff: SchemaDiff): object {
  return {
    added_indexes: diff.addedIndexes.map(indexReply),
    removed_indexes: diff.droppedIndexes.map(indexReply),
    enabled_indexes: diff.enabledIndexes.map(indexReply),
    disabled_indexes: diff.disabledIndexes.map(indexReply),
  };
}

/** What the schemas would cost (deployApi/evaluateSchema.ts): rows to check and indexes to build. */
export function schemaEvaluationReply(
  database: EngineDatabase,
  project: AnalyzedProject,
  diffs: ReadonlyMap<ComponentPath, SchemaDiff>,
): object {
  const known = new Set(listComponents(database.begin()).map(({ mount }) => mount.definitionPath));
  const evaluations = project.mounts.flatMap(({ componentPath, definitionPath }) => {
    const diff = diffs.get(componentPath);
    const code = project.definitions.get(definitionPath);
    if (diff === undefined || code === undefined) return [];
    const { schemaJson } = code;
    const evaluation = evaluateSchema(database, componentPath, schemaJson, diff);
    return [[componentPath, { definitionPath, ...evaluation }]];
  });
  return {
    componentSchemaEvaluations: Object.fromEntries(evaluations) as unknown,
    newComponentDefinitions: [...project.definitions.keys()].filter((path) => !known.has(path)),
  };
}

function evaluateSchema(
  database: EngineDatabase,
  componentPath: ComponentPath,
  schemaJson: string | null,
  diff: SchemaDiff,
): object {
  const schema = schemaJson === null ? null : (JSON.parse(schemaJson) as SchemaExport);
  const isChanged = database.schemaJson(componentPath) !== schemaJson;
  const counts = new Map(database.tables(componentPath).map(({ name, count }) => [name, count]));
  const isValidated = schema?.schemaValidation ?? false;
  const outcome = isChanged ? "mustWalk" : "supersetOfEnforced";
  return {
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
  const { kind, ...rest } = definition;
  return { ...named, type: kind, ...rest };
}
