import type {
  ComponentPath,
  IndexKey,
  KeyInterval,
  RangeCursor,
  Transaction,
} from "../../database/types.ts";
import { SEARCH_LIMITS } from "../../lib/limits.ts";
import { afterPrefix, encodeKey, encodeKeyPart } from "../../values/index-key.ts";
import { displayValue } from "../../values/display.ts";
import {
  isArray,
  isPlainObject,
  type JsonObject,
  type JsonValue,
} from "../../values/json-value.ts";
import { isUndefinedMarker, normalizeValue } from "../../values/normalize.ts";
import { FunctionError } from "../function-error.ts";
import { textArg } from "./syscall-context.ts";

/** Where a query's documents come from, before its operators. */
export type QuerySource =
  | {
      readonly kind: "range";
      readonly table: string;
      readonly index: string;
      readonly fields: readonly string[];
      readonly interval: KeyInterval;
      readonly order: "asc" | "desc";
    }
  | {
      readonly kind: "search";
      readonly table: string;
      readonly index: string;
      readonly query: string;
      readonly filters: readonly { readonly fieldPath: string; readonly key: IndexKey }[];
    };

/** Tables of the system that functions may see, through `ctx.db.system`. */
const VISIBLE_SYSTEM_TABLES = new Set(["_storage", "_scheduled_functions"]);

/**
 * Reads the serialised `source` of a query against the index it names.
 * @throws FunctionError when range expressions do not fit the index; DatabaseError when there is none.
 */
export function parseSource(
  transaction: Transaction,
  componentPath: ComponentPath,
  source: JsonValue | undefined,
): QuerySource {
  if (!isPlainObject(source)) throw new FunctionError("Invalid query: it has no source.");
  if (source["type"] === "FullTableScan") {
    return parseRange(transaction, componentPath, {
      table: textArg(source, "tableName"),
      index: "by_creation_time",
      range: [],
      order: source["order"],
    });
  }
  const { table, index } = parseIndexName(textArg(source, "indexName"));
  if (source["type"] === "Search")
    return parseSearch(transaction, componentPath, table, index, source);
  const range = source["range"] ?? [];
  if (!isArray(range)) throw new FunctionError("Invalid query: `range` must be a list.");
  return parseRange(transaction, componentPath, { table, index, range, order: source["order"] });
}

/** Starts reading a source: of a range, within the interval given and with so many entries expected. */
export function openSource(
  transaction: Transaction,
  componentPath: ComponentPath,
  source: QuerySource,
  { interval, expected }: { interval?: KeyInterval; expected?: number | undefined } = {},
): RangeCursor {
  const { table, index } = source;
  if (source.kind === "search") {
    const { query, filters } = source;
    return transaction.search({ componentPath, table, index, query, filters });
  }
  return transaction.range({
    componentPath,
    table,
    index,
    interval: interval ?? source.interval,
    order: source.order,
    expected,
  });
}

/** @throws FunctionError for the system's own tables. */
export function requireVisibleTable(table: string): void {
  if (!isVisibleTable(table)) {
    throw new FunctionError(`Table ${table} is not accessible to functions.`);
  }
}

/** Whether functions may know of a table: all but those that the system keeps to itself. */
export function isVisibleTable(table: string): boolean {
  return !table.startsWith("_") || VISIBLE_SYSTEM_TABLES.has(table);
}

function parseIndexName(indexName: string): { table: string; index: string } {
  const dot = indexName.indexOf(".");
  if (dot < 1) throw new FunctionError(`Invalid index name ${JSON.stringify(indexName)}.`);
  return { table: indexName.slice(0, dot), index: indexName.slice(dot + 1) };
}

function parseRange(
  transaction: Transaction,
  componentPath: ComponentPath,
  {
    table,
    index,
    range,
    order,
  }: {
    table: string;
    index: string;
    range: readonly JsonValue[];
    order: JsonValue | undefined;
  },
): QuerySource {
  requireVisibleTable(table);
  const fields = transaction.indexFields(componentPath, table, index);
  const interval = compileRange(`${table}.${index}`, fields, range.map(parseBound));
  return {
    kind: "range",
    table,
    index,
    fields,
    interval,
    order: parseOrder(order),
  };
}

function parseSearch(
  transaction: Transaction,
  componentPath: ComponentPath,
  table: string,
  index: string,
  source: JsonObject,
): QuerySource {
  requireVisibleTable(table);
  const expressions = source["filters"] ?? [];
  if (!isArray(expressions)) throw new FunctionError("Invalid query: `filters` must be a list.");
  const definition = transaction.searchIndex(componentPath, table, index);
  let query: string | null = null;
  const filters: { fieldPath: string; key: IndexKey }[] = [];
  for (const expression of expressions) {
    if (!isPlainObject(expression)) throw new FunctionError("Invalid search filter.");
    const fieldPath = textArg(expression, "fieldPath");
    if (expression["type"] === "Search") {
      requireSearchField(`${table}.${index}`, definition.searchField, fieldPath);
      if (query !== null) throw secondSearch(`${table}.${index}`, fieldPath);
      query = textArg(expression, "value");
    } else {
      requireFilterField(`${table}.${index}`, definition.filterFields, fieldPath);
      filters.push({ fieldPath, key: encodeKeyPart(parseFilterValue(expression["value"])) });
    }
  }
  if (query === null) throw noSearch(`${table}.${index}`);
  const { filtersPerQuery } = SEARCH_LIMITS;
  if (filters.length > filtersPerQuery.max) {
    throw new FunctionError(filtersPerQuery.text(`${table}.${index}`, filters.length));
  }
  return { kind: "search", table, index, query, filters };
}

function requireSearchField(index: string, searchField: string, fieldPath: string): void {
  if (fieldPath === searchField) return;
  throw new FunctionError(
    `Search query against ${index} contains a search filter against ${JSON.stringify(fieldPath)}, ` +
      `which doesn't match the indexed \`searchField\` ${JSON.stringify(searchField)}.`,
  );
}

function secondSearch(index: string, fieldPath: string): FunctionError {
  return new FunctionError(
    `Search query against ${index} contains multiple search filters against ` +
      `${JSON.stringify(fieldPath)}. Only one is allowed.`,
  );
}

function noSearch(index: string): FunctionError {
  return new FunctionError(
    `Search query against ${index} does not contain any search filters. You must include a search ` +
      'filter like `q.search("field", searchText)`.',
  );
}

function requireFilterField(index: string, fields: readonly string[], fieldPath: string): void {
  if (fields.includes(fieldPath)) return;
  throw new FunctionError(
    `Search query against ${index} contains an equality filter on ${JSON.stringify(fieldPath)} ` +
      "but that field isn't indexed for filtering in `filterFields`.",
  );
}

interface Bound {
  readonly type: "Eq" | "Gt" | "Gte" | "Lt" | "Lte";
  readonly fieldPath: string;
  readonly value: JsonValue | undefined;
}

const COMPARATORS = { Eq: "==", Gt: ">", Gte: ">=", Lt: "<", Lte: "<=" } as const;

function parseBound(expression: JsonValue): Bound {
  if (!isPlainObject(expression)) throw new FunctionError("Invalid range expression.");
  const type = textArg(expression, "type");
  if (!isComparator(type)) throw new FunctionError(`Invalid range expression ${type}.`);
  const fieldPath = textArg(expression, "fieldPath");
  return { type, fieldPath, value: parseIndexValue(expression["value"]) };
}

function isComparator(type: string): type is Bound["type"] {
  return Object.hasOwn(COMPARATORS, type);
}

function parseIndexValue(value: JsonValue | undefined): JsonValue | undefined {
  if (value === undefined || isUndefinedMarker(value)) return undefined;
  return normalizeValue(value, { commitTs: true });
}

/** Unlike index ranges, searches know no commit timestamp placeholder. */
function parseFilterValue(value: JsonValue | undefined): JsonValue | undefined {
  return value === undefined || isUndefinedMarker(value) ? undefined : normalizeValue(value);
}

function parseOrder(order: JsonValue | undefined): "asc" | "desc" {
  if (order === undefined || order === null || order === "asc") return "asc";
  if (order === "desc") return "desc";
  throw new FunctionError(`Invalid order ${JSON.stringify(order)}: use "asc" or "desc".`);
}

/**
 * The interval of index keys that fit: equalities on a prefix of the fields, in any order, then at
 * most one lower and one upper bound on the next field.
 */
function compileRange(
  indexName: string,
  fields: readonly string[],
  bounds: readonly Bound[],
): KeyInterval {
  const equalities = new Map<string, Bound>();
  let lower: Bound | null = null;
  let upper: Bound | null = null;
  for (const bound of bounds) {
    requireIndexedField(indexName, fields, bound.fieldPath);
    if (bound.type === "Eq") {
      if (equalities.has(bound.fieldPath)) throw alreadyDefined("equality", bound);
      equalities.set(bound.fieldPath, bound);
    } else if (bound.type.startsWith("G")) {
      if (lower !== null) throw alreadyDefined("lower", bound);
      lower = bound;
    } else {
      if (upper !== null) throw alreadyDefined("upper", bound);
      upper = bound;
    }
  }
  if (lower !== null && upper !== null && lower.fieldPath !== upper.fieldPath) {
    throw boundsOnMultipleFields(indexName, lower.fieldPath, upper.fieldPath);
  }
  requirePrefix(indexName, fields, [...equalities.keys()], (lower ?? upper)?.fieldPath ?? null);
  const values = fields.slice(0, equalities.size).map((field) => equalities.get(field)?.value);
  return boundInterval(encodeKey(values), lower, upper);
}

function boundInterval(prefix: IndexKey, lower: Bound | null, upper: Bound | null): KeyInterval {
  const start = lower === null ? prefix : edge(prefix, lower, "Gt");
  if (upper === null) return { lower: start, upper: prefix === "" ? null : afterPrefix(prefix) };
  const end = edge(prefix, upper, "Lte");
  return { lower: start < end ? start : end, upper: end };
}

/** The key where the values that the bound lets in begin or end; `beyond` lies past the value itself. */
function edge(prefix: IndexKey, { type, value }: Bound, beyond: Bound["type"]): IndexKey {
  const key = prefix + encodeKeyPart(value);
  return type === beyond ? afterPrefix(key) : key;
}

function requireIndexedField(indexName: string, fields: readonly string[], field: string): void {
  if (fields.includes(field)) return;
  throw new FunctionError(
    `The index range included a comparison with ${JSON.stringify(field)}, but ${indexName} with ` +
      `fields ${displayFields(fields)} doesn't index this field. For more information see ` +
      "https://docs.convex.dev/using/indexes.",
  );
}

function requirePrefix(
  indexName: string,
  fields: readonly string[],
  equal: readonly string[],
  bounded: string | null,
): void {
  const used = bounded === null ? equal : [...equal, bounded];
  const wanted = fields.slice(0, used.length);
  const wrong = bounded !== null && wanted.at(-1) !== bounded ? bounded : null;
  const missing = equal.find((field) => !fields.slice(0, equal.length).includes(field));
  const first = missing ?? wrong;
  if (first === null) return;
  throw new FunctionError(
    `Tried to query index ${indexName} but the query didn't use the index fields in order.\n` +
      `Index fields: ${displayFields(fields)}\nQuery fields: ${displayFields(used)}\n` +
      `First incorrect field: ${first}\n` +
      "For more information see https://docs.convex.dev/using/indexes.",
  );
}

function alreadyDefined(kind: string, { type, fieldPath, value }: Bound): FunctionError {
  const shown = value === undefined ? "undefined" : displayValue(value);
  return new FunctionError(
    `Already defined ${kind} bound in index range. Can't add ${JSON.stringify(fieldPath)} ` +
      `${COMPARATORS[type]} ${shown}.`,
  );
}

function boundsOnMultipleFields(index: string, first: string, second: string): FunctionError {
  return new FunctionError(
    "Upper and lower bounds in `range` can only be applied to a single index field. This query " +
      `against index ${index} attempted to set a range bound on both ${JSON.stringify(first)} and ` +
      `${JSON.stringify(second)}. Consider using \`filter\` instead. See ` +
      "https://docs.convex.dev/using/indexes for more info.",
  );
}

function displayFields(fields: readonly string[]): string {
  return `[${fields.map((field) => JSON.stringify(field)).join(", ")}]`;
}
