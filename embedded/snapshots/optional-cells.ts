import { isArray, isPlainObject, type JsonValue } from "../values/json-value.ts";

/** Fields of a table's documents that the schema lets be missing; of objects only, not of unions. */
export function optionalFields(schemaJson: string | null, table: string): ReadonlySet<string> {
  const schema = schemaJson === null ? null : (JSON.parse(schemaJson) as JsonValue);
  const tables = isPlainObject(schema) ? (schema["tables"] ?? null) : null;
  const found = isArray(tables)
    ? tables.find((entry) => isPlainObject(entry) && entry["tableName"] === table)
    : undefined;
  const documentType = isPlainObject(found) ? found["documentType"] : undefined;
  if (!isPlainObject(documentType) || documentType["type"] !== "object") return new Set();
  const fields = documentType["value"];
  if (!isPlainObject(fields)) return new Set();
  const optional = Object.entries(fields).filter(
    ([, field]) => isPlainObject(field) && field["optional"] === true,
  );
  return new Set(optional.map(([name]) => name));
}

/** A row of text without the empty values of fields that may be missing. */
export function withoutEmptyCells(json: string, optional: ReadonlySet<string>): string {
  if (optional.size === 0 || !json.includes('""')) return json;
  const row = Object.entries(JSON.parse(json) as Record<string, unknown>);
  return JSON.stringify(
    Object.fromEntries(row.filter(([name, value]) => value !== "" || !optional.has(name))),
  );
}
