import { MIN_VECTOR_DIMENSIONS, SCHEMA_LIMITS } from "../lib/limits.ts";
import {
  canContainField,
  canContainVector,
  isIdentifier,
  parseValidator,
  type Validator,
} from "../values/validator.ts";
import { DatabaseError } from "./database-error.ts";
import type { IndexDefinition, SearchIndexDefinition, VectorIndexDefinition } from "./types.ts";

export interface TableSchema {
  readonly name: string;
  /** Validator of documents without `_id` and `_creationTime`; `null` when anything is allowed. */
  readonly documentType: Validator | null;
  /** Export JSON of the document type, to tell whether it changed. */
  readonly documentTypeJson: string;
  readonly indexes: readonly IndexDefinition[];
  readonly searchIndexes: readonly SearchIndexDefinition[];
  readonly vectorIndexes: readonly VectorIndexDefinition[];
}

/** A component's schema as exported by `defineSchema(…).export()`. */
export interface Schema {
  readonly json: string;
  /** False with `schemaValidation: false`: documents are not checked, indexes exist all the same. */
  readonly isEnforced: boolean;
  readonly tables: ReadonlyMap<string, TableSchema>;
}

/**
 * Parses and checks the export JSON of a schema.
 * @throws DatabaseError `InvalidSchema` with Convex's wording.
 */
export function parseSchema(json: string): Schema {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch {
    throw invalid("The schema is not valid JSON.");
  }
  if (!isRecord(parsed) || !Array.isArray(parsed["tables"])) {
    throw invalid("Default export from schema file isn't a Convex schema.");
  }
  const isEnforced = parsed["schemaValidation"] !== false;
  const tables = new Map<string, TableSchema>();
  for (const table of parsed["tables"]) {
    const parsedTable = parseTable(table);
    if (tables.has(parsedTable.name)) {
      throw invalid(`Table "${parsedTable.name}" is defined more than once.`);
    }
    if (isEnforced) checkReferences(parsedTable);
    tables.set(parsedTable.name, parsedTable);
  }
  return { json, isEnforced, tables };
}

function parseTable(json: unknown): TableSchema {
  if (!isRecord(json) || typeof json["tableName"] !== "string") {
    throw invalid("A table of the schema has no name.");
  }
  const name = json["tableName"];
  if (name.startsWith("_")) throw invalid(`${name} is a reserved table name.`);
  if (!isIdentifier(name)) {
    throw invalid(
      `Invalid table name: "${name}". Identifiers must start with a letter and can only contain ` +
        "letters, digits, and underscores.",
    );
  }
  const table = {
    name,
    documentType: parseDocumentType(name, json["documentType"]),
    documentTypeJson: JSON.stringify(json["documentType"] ?? null),
    indexes: [
      ...list(json["indexes"]).map((index) => parseIndex(name, index, false)),
      ...list(json["stagedDbIndexes"]).map((index) => parseIndex(name, index, true)),
    ],
    searchIndexes: [
      ...list(json["searchIndexes"]).map((index) => parseSearchIndex(name, index, false)),
      ...list(json["stagedSearchIndexes"]).map((index) => parseSearchIndex(name, index, true)),
    ],
    vectorIndexes: [
      ...list(json["vectorIndexes"]).map((index) => parseVectorIndex(name, index, false)),
      ...list(json["stagedVectorIndexes"]).map((index) => parseVectorIndex(name, index, true)),
    ],
  };
  checkNames(table);
  checkDuplicates(table);
  return table;
}

function parseDocumentType(table: string, json: unknown): Validator | null {
  if (json === null || json === undefined) return null;
  let validator: Validator;
  try {
    validator = parseValidator(json);
  } catch (error) {
    throw invalid(`In table "${table}": ${error instanceof Error ? error.message : String(error)}`);
  }
  if (validator.type === "any") return null;
  const options = validator.type === "union" ? validator.value : [validator];
  if (!options.every((option) => option.type === "object")) {
    throw invalid(
      "The document validator in a schema must be an object, a union of objects, or `v.any()`. To " +
        "learn more, see the schema documentation at https://docs.convex.dev/database/schemas.",
    );
  }
  const stripped = options.map(withoutSystemFields);
  const [only] = stripped;
  return stripped.length === 1 && only !== undefined ? only : { type: "union", value: stripped };
}

/** Documents are checked without their system fields. */
function withoutSystemFields(validator: Validator): Validator {
  if (validator.type !== "object") return validator;
  const fields = [...validator.value].filter(([field]) => !field.startsWith("_"));
  return { type: "object", value: new Map(fields) };
}

function parseIndex(table: string, json: unknown, staged: boolean): IndexDefinition {
  const name = descriptorOf(json);
  const fields = isRecord(json) ? strings(json["fields"]) : null;
  checkIndexName(table, name);
  if (fields === null || fields.length === 0) {
    throw invalid(
      `In table "${table}" ${staged ? "staged " : ""}index "${name}" must have at least one field.`,
    );
  }
  const { fieldsPerIndex } = SCHEMA_LIMITS;
  if (fields.length > fieldsPerIndex.max) throw invalid(fieldsPerIndex.text());
  for (const field of fields) checkIndexField(name, field);
  const duplicate = fields.find((field, position) => fields.indexOf(field) !== position);
  if (duplicate !== undefined) {
    throw invalid(`Duplicate field ${duplicate}. Index fields must be unique within an index.`);
  }
  return { name, fields, staged };
}

function parseSearchIndex(table: string, json: unknown, staged: boolean): SearchIndexDefinition {
  const name = descriptorOf(json);
  checkIndexName(table, name);
  const searchField = isRecord(json) ? json["searchField"] : null;
  if (typeof searchField !== "string") {
    throw invalid(`In table "${table}" search index "${name}" has no search field.`);
  }
  const filterFields = parseFilterFields(json);
  for (const field of [searchField, ...filterFields]) checkIndexField(name, field);
  return { name, searchField, filterFields, staged };
}

function parseVectorIndex(table: string, json: unknown, staged: boolean): VectorIndexDefinition {
  const name = descriptorOf(json);
  checkIndexName(table, name);
  const vectorField = isRecord(json) ? json["vectorField"] : null;
  const dimensions = isRecord(json) ? json["dimensions"] : null;
  if (typeof vectorField !== "string" || typeof dimensions !== "number") {
    throw invalid(`In table "${table}" vector index "${name}" has no vector field or dimensions.`);
  }
  const { max, text } = SCHEMA_LIMITS.vectorDimensions;
  if (!Number.isInteger(dimensions) || dimensions < MIN_VECTOR_DIMENSIONS || dimensions > max) {
    throw invalid(`In table "${table}": ${text(dimensions)}`);
  }
  const filterFields = parseFilterFields(json);
  for (const field of [vectorField, ...filterFields]) checkIndexField(name, field);
  return { name, vectorField, dimensions, filterFields, staged };
}

function parseFilterFields(json: unknown): readonly string[] {
  const fields = new Set(isRecord(json) ? strings(json["filterFields"] ?? []) : []);
  const { max, text } = SCHEMA_LIMITS.filterFieldsPerIndex;
  if (fields.size > max) throw invalid(text());
  return [...fields];
}

function checkIndexName(table: string, name: string): void {
  if (name.startsWith("_") || name === "by_id" || name === "by_creation_time") {
    throw invalid(
      `In table "${table}" cannot name an index "${name}" because the name is reserved. Indexes may ` +
        'not start with an underscore or be named "by_id" or "by_creation_time".',
    );
  }
  if (!isIdentifier(name)) {
    throw invalid(
      `Invalid index name: "${name}". Identifiers must be 64 characters or less, start with a ` +
        "letter, and only contain letters, digits, underscores.",
    );
  }
}

function checkIndexField(index: string, field: string): void {
  if (field === "_id") {
    throw invalid("`_id` is not a valid index field. To load documents by ID, use `db.get(id)`.");
  }
  if (field === "_creationTime") {
    throw invalid(
      "`_creationTime` is automatically added to the end of each index. It should not be added " +
        "explicitly in the index definition. See https://docs.convex.dev/using/indexes for more " +
        "details.",
    );
  }
  if (field.startsWith("_")) {
    throw invalid("Reserved fields (starting with `_`) are not allowed in indexes.");
  }
  if (!field.split(".").every(isIdentifier)) {
    throw invalid(`In index "${index}": Invalid index field: "${field}"`);
  }
}

function checkNames({ name: table, indexes, searchIndexes, vectorIndexes }: TableSchema): void {
  const { indexesPerTable, searchIndexesPerTable, vectorIndexesPerTable } = SCHEMA_LIMITS;
  const names = [...indexes, ...searchIndexes, ...vectorIndexes].map(({ name }) => name);
  if (names.length > indexesPerTable.max) throw invalid(indexesPerTable.text(table));
  if (searchIndexes.length > searchIndexesPerTable.max) {
    throw invalid(searchIndexesPerTable.text(table));
  }
  if (vectorIndexes.length > vectorIndexesPerTable.max) {
    throw invalid(vectorIndexesPerTable.text(table));
  }
  const twice = names.find((name, position) => names.indexOf(name) !== position);
  if (twice !== undefined) {
    throw invalid(`Table "${table}" has two or more definitions of index "${twice}".`);
  }
}

/** Indexes that could stand for each other. */
function checkDuplicates({
  name: table,
  indexes,
  searchIndexes,
  vectorIndexes,
}: TableSchema): void {
  const equal = firstPair(indexes, ({ fields }) => JSON.stringify(fields));
  if (equal !== null) {
    throw invalid(
      `In table "${table}" index "${equal[0]}" and index "${equal[1]}" have the same fields. ` +
        "Indexes must be unique within a table.",
    );
  }
  const searches = firstPair(searchIndexes, ({ searchField, filterFields }) =>
    JSON.stringify([searchField, filterFields.toSorted()]),
  );
  if (searches !== null) throw invalid(sameField(table, "search", searches));
  const vectors = firstPair(vectorIndexes, ({ vectorField, dimensions }) =>
    JSON.stringify([vectorField, dimensions]),
  );
  if (vectors !== null) throw invalid(sameField(table, "vector", vectors));
}

/** Names of the first two with the same key. */
function firstPair<T extends { readonly name: string }>(
  indexes: readonly T[],
  keyOf: (index: T) => string,
): readonly [string, string] | null {
  const seen = new Map<string, string>();
  for (const index of indexes) {
    const key = keyOf(index);
    const other = seen.get(key);
    if (other !== undefined) return [other, index.name];
    seen.set(key, index.name);
  }
  return null;
}

function sameField(
  table: string,
  kind: "search" | "vector",
  [first, second]: readonly [string, string],
): string {
  const title = kind === "search" ? "Search" : "Vector";
  return (
    `In table "${table}" ${kind} index "${first}" and ${kind} index "${second}" have the same ` +
    `\`${kind}Field\`. ${title} index fields must be unique within a table. You should combine the ` +
    `indexes with the same \`${kind}Field\` into one index containing all \`filterField\`s and then ` +
    "use different subsets of the `filterField`s at query time."
  );
}

function checkReferences(table: TableSchema): void {
  const { documentType } = table;
  if (documentType === null) return;
  const references = [
    ...table.indexes.map(({ name, fields }) => ({ name, fields })),
    ...table.searchIndexes.map(({ name, searchField, filterFields }) => ({
      name,
      fields: [searchField, ...filterFields],
    })),
    ...table.vectorIndexes.map(({ name, vectorField }) => ({ name, fields: [vectorField] })),
  ];
  for (const { name, fields } of references) {
    const missing = fields.find((field) => !canContainField(documentType, field.split(".")));
    if (missing !== undefined) {
      throw invalid(
        `In table "${table.name}" the index "${name}" is invalid because it references the field ` +
          `${missing} that does not exist.`,
      );
    }
  }
  for (const { name, vectorField } of table.vectorIndexes) {
    if (canContainVector(documentType, vectorField.split("."))) continue;
    throw invalid(
      `In table "${table.name}" the vector index "${name}" is invalid because it references the ` +
        `field ${vectorField} that is neither an array of float64 or optional array of float64.`,
    );
  }
}

function descriptorOf(json: unknown): string {
  const name = isRecord(json) ? json["indexDescriptor"] : null;
  if (typeof name !== "string") throw invalid("An index of the schema has no name.");
  return name;
}

function list(json: unknown): readonly unknown[] {
  return Array.isArray(json) ? json : [];
}

function strings(json: unknown): string[] | null {
  if (!Array.isArray(json)) return null;
  return json.every((item) => typeof item === "string") ? json : null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalid(message: string): DatabaseError {
  return new DatabaseError("InvalidSchema", message);
}
