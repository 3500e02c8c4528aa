import { DatabaseError } from "../database/database-error.ts";
import type {
  ComponentPath,
  Database,
  Transaction,
  VectorIndexDefinition,
} from "../database/types.ts";
import { SEARCH_LIMITS } from "../lib/limits.ts";
import { VectorRanking, type VectorHit } from "../search/vector-ranking.ts";
import { encodeKeyPart } from "../values/index-key.ts";
import {
  float64Of,
  isArray,
  isPlainObject,
  kindOf,
  type JsonObject,
  type JsonValue,
} from "../values/json-value.ts";
import { isUndefinedMarker, normalizeValue } from "../values/normalize.ts";
import { FunctionError } from "./function-error.ts";
import { textArg } from "./syscalls/syscall-context.ts";

/** A vector search that was asked for, checked against the index. */
interface VectorQuery {
  readonly table: string;
  readonly index: VectorIndexDefinition;
  readonly vector: readonly number[];
  readonly limit: number;
  /** Keys of the values to be equal to, by field; one match is enough. Empty when all may pass. */
  readonly conditions: ReadonlyMap<string, ReadonlySet<string>>;
}

const DEFAULT_LIMIT = 10;
/** Comparing gives way to other work after so long. */
const SLICE_MS = 5;
const MAX_ATTEMPTS = 3;

/**
 * JSON text of the answer to `ctx.vectorSearch(…)`: `{results:[{_id,_score}]}`, the most similar first.
 * All is read in one snapshot; when so much is written meanwhile that it cannot be read any more, in
 * a later one.
 * @throws FunctionError when the query does not fit the index; DatabaseError when there is none.
 */
export async function vectorSearch(
  database: Database,
  componentPath: ComponentPath,
  query: JsonValue | undefined,
): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const hits = await rank(database.begin(), componentPath, query);
      const results = hits.map(({ id, score }) => ({ _id: id, _score: score }));
      return JSON.stringify({ results });
    } catch (error) {
      const isOutdated = error instanceof DatabaseError && error.code === "SnapshotTooOld";
      if (!isOutdated || attempt === MAX_ATTEMPTS) throw error;
    }
  }
}

async function rank(
  transaction: Transaction,
  componentPath: ComponentPath,
  query: JsonValue | undefined,
): Promise<readonly VectorHit[]> {
  const parsed = parseQuery(transaction, componentPath, query);
  const { table, index, vector, limit, conditions } = parsed;
  const ranking = new VectorRanking(vector, limit);
  const path = index.vectorField.split(".");
  const cursor = transaction.range({
    componentPath,
    table,
    index: "by_id",
    interval: { lower: "", upper: null },
    order: "asc",
  });
  let sliceEndsAt = performance.now() + SLICE_MS;
  for (let entry = cursor.next(); entry !== null; entry = cursor.next()) {
    const fields = JSON.parse(entry.document.json) as JsonObject;
    const candidate = toVector(valueAt(fields, path), index.dimensions);
    if (candidate !== null && passes(fields, conditions)) {
      ranking.add(entry.document.id, candidate);
    }
    if (performance.now() < sliceEndsAt) continue;
    await new Promise((resolve) => setImmediate(resolve));
    sliceEndsAt = performance.now() + SLICE_MS;
  }
  return ranking.hits();
}

function parseQuery(
  transaction: Transaction,
  componentPath: ComponentPath,
  query: JsonValue | undefined,
): VectorQuery {
  if (!isPlainObject(query)) throw new FunctionError("Invalid vector search: it has no query.");
  const indexName = textArg(query, "indexName");
  const dot = indexName.indexOf(".");
  const table = indexName.slice(0, Math.max(0, dot));
  const index = transaction.vectorIndex(componentPath, table, indexName.slice(dot + 1));
  const limit = parseLimit(query["limit"]);
  const conditions = parseConditions(indexName, index, query["expressions"] ?? null);
  const vector = parseVector(query["vector"], index.dimensions);
  return { table, index, vector, limit, conditions };
}

function parseVector(vector: JsonValue | undefined, dimensions: number): readonly number[] {
  if (vector === undefined || !isArray(vector) || !vector.every(isNumber)) {
    throw new FunctionError("Invalid vector search: `vector` must be an array of numbers.");
  }
  if (vector.length === dimensions) return vector;
  throw new FunctionError(
    `Expected a vector with dimensions ${dimensions}, received ${vector.length}.`,
  );
}

function parseLimit(limit: JsonValue | undefined): number {
  const wanted = limit ?? DEFAULT_LIMIT;
  if (typeof wanted !== "number" || !Number.isInteger(wanted) || wanted < 1) {
    throw new FunctionError("Invalid vector search: `limit` must be a positive integer.");
  }
  const { max, text } = SEARCH_LIMITS.vectorResults;
  if (wanted > max) throw new FunctionError(text(wanted));
  return wanted;
}

function parseConditions(
  indexName: string,
  index: VectorIndexDefinition,
  expression: JsonValue,
): VectorQuery["conditions"] {
  const conditions = new Map<string, Set<string>>();
  if (expression !== null) collectConditions(expression, conditions);
  let count = 0;
  for (const [field, keys] of conditions) {
    if (!index.filterFields.includes(field)) {
      throw new FunctionError(
        `Vector query against ${indexName} contains a filter on ${JSON.stringify(field)} but that ` +
          "field isn't indexed for filtering in `filterFields`.",
      );
    }
    count += keys.size;
  }
  const { max, text } = SEARCH_LIMITS.vectorConditions;
  if (count > max) throw new FunctionError(text(indexName, count));
  return conditions;
}

/** `$or`s of `$eq`s, however nested: one of the equalities has to hold. */
function collectConditions(expression: JsonValue, into: Map<string, Set<string>>): void {
  const { $eq: equality, $or: alternatives } = isPlainObject(expression) ? expression : {};
  if (alternatives !== undefined && isArray(alternatives)) {
    for (const alternative of alternatives) collectConditions(alternative, into);
    return;
  }
  if (equality === undefined || !isArray(equality)) {
    throw new FunctionError("Filters should be a combination of `q.eq` and `q.or`.");
  }
  const [field, literal] = equality.map((side) => (isPlainObject(side) ? side : {}));
  const path = field?.["$field"];
  const value = literal?.["$literal"];
  if (typeof path !== "string" || value === undefined) {
    throw new FunctionError(
      "`q.eq` must take a field path as its first argument and a value as its second",
    );
  }
  const key = encodeKeyPart(isUndefinedMarker(value) ? undefined : normalizeValue(value));
  const keys = into.get(path);
  if (keys === undefined) into.set(path, new Set([key]));
  else keys.add(key);
}

function passes(fields: JsonObject, conditions: VectorQuery["conditions"]): boolean {
  if (conditions.size === 0) return true;
  for (const [field, keys] of conditions) {
    if (keys.has(encodeKeyPart(valueAt(fields, field.split("."))))) return true;
  }
  return false;
}

function valueAt(fields: JsonObject, path: readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined = fields;
  for (const name of path) {
    if (!isPlainObject(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}

/** `null` for what is not in an index of so many dimensions. */
function toVector(value: JsonValue | undefined, dimensions: number): readonly number[] | null {
  if (value === undefined || !isArray(value) || value.length !== dimensions) return null;
  if (value.every(isNumber)) return value;
  // −0, encoded like NaN and the infinities.
  if (!value.every((part) => kindOf(part) === "float64")) return null;
  const numbers = value.map(float64Of);
  return numbers.every(Number.isFinite) ? numbers : null;
}

function isNumber(value: JsonValue): value is number {
  return typeof value === "number";
}
