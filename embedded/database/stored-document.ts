/** Documents between their JSON text, their parsed form and the bytes in the store. */
import { VALUE_LIMITS } from "../lib/limits.ts";
import { DamagedRecordError } from "../storage/storage-error.ts";
import { hasCommitTs, resolveCommitTs } from "../values/commit-ts.ts";
import { displayValue } from "../values/display.ts";
import { encodeKeyPart } from "../values/index-key.ts";
import { isArray, isPlainObject, type JsonObject, type JsonValue } from "../values/json-value.ts";
import { isUndefinedMarker, parseValue, setField, stringifyValue } from "../values/normalize.ts";
import { valueNesting, valueSize } from "../values/size.ts";
import { ValueError } from "../values/value-error.ts";
import { DatabaseError } from "./database-error.ts";
import type { StoredDocument, Timestamp } from "./types.ts";

/** Creation time and size, before the JSON text. */
export const HEADER_LENGTH = 12;

const NOT_AN_OBJECT = "Value must be an Object";

/** A document with its parsed value at hand, as writes and index maintenance need it. */
export interface ParsedDocument {
  readonly stored: StoredDocument;
  readonly value: JsonObject;
}

/**
 * Makes a whole document of the fields someone wrote.
 * @throws DatabaseError for anything that is no valid document.
 */
export function makeDocument(
  id: string,
  creationTime: number,
  fields: JsonValue,
  { isSystem = false }: { readonly isSystem?: boolean } = {},
): ParsedDocument {
  if (!isPlainObject(fields)) {
    throw new DatabaseError("DocumentNotObject", NOT_AN_OBJECT);
  }
  requireOwnFields(id, creationTime, fields);
  const value = isWhole(fields)
    ? fields
    : sortedWith(fields, { _id: id, _creationTime: creationTime });
  // Rows of the system are as large as what they record: arguments and results of functions.
  requireValid(value, isSystem ? 0 : valueNesting(value));
  const size = valueSize(value);
  const { documentBytes } = VALUE_LIMITS;
  if (!isSystem && size > documentBytes.max) {
    throw new DatabaseError("ValueTooLarge", documentBytes.text(size));
  }
  return new Version({ id, creationTime, size, json: stringifyValue(value) }, value).parsed;
}

/** Names all that is wrong, as Convex's `ResolvedDocument::must_validate` does. */
function requireValid(value: JsonObject, nesting: number): void {
  const { documentNesting } = VALUE_LIMITS;
  const isTooNested = nesting > documentNesting.max;
  const reserved = Object.keys(value).filter((field) => field.startsWith("_"));
  // The two that every document has.
  if (!isTooNested && reserved.length === 2) return;
  const violations = reserved
    .filter((field) => field !== "_id" && field !== "_creationTime")
    .map(
      (field) =>
        `Field '${field}' starts with an underscore, which is only allowed for system fields like '_id'`,
    );
  if (isTooNested) violations.unshift(documentNesting.text(nesting));
  throw new DatabaseError(
    isTooNested ? "TooNestedError" : "FieldNameInvalid",
    `Document(value: ${displayValue(value)}) isn't a valid document: ${violations.join("\n ")}`,
  );
}

/**
 * Parses what a function wrote, commit timestamp placeholders included; `isPatch` admits removals.
 * Throws `DatabaseError` with the `ValueError` that is its cause.
 */
export function parseWrittenValue(json: string, isPatch: boolean): JsonValue {
  try {
    return parseValue(json, { undefinedFields: isPatch, commitTs: true });
  } catch (error) {
    if (error instanceof ValueError) {
      throw new DatabaseError(codeOf(error), error.message, { cause: error });
    }
    throw error;
  }
}

/** Top-level merge of a patch into a document's value, fields in its order; removed ones vanish. */
export function applyPatch(value: JsonObject, patch: JsonValue): JsonObject {
  if (!isPlainObject(patch)) {
    throw new DatabaseError("DocumentNotObject", NOT_AN_OBJECT);
  }
  const merged: Record<string, JsonValue> = {};
  for (const [field, item] of Object.entries(value)) {
    if (!Object.hasOwn(patch, field)) setField(merged, field, item);
    else if (!isUndefinedMarker(patch[field])) setField(merged, field, patch[field] ?? null);
  }
  for (const [field, item] of Object.entries(patch)) {
    if (Object.hasOwn(value, field) || isUndefinedMarker(item)) continue;
    setField(merged, field, item);
  }
  return merged;
}

/** A document that keeps its value, which nobody changes, once it was parsed. */
class Version implements StoredDocument {
  readonly id: string;
  readonly creationTime: number;
  readonly size: number;
  readonly json: string;
  #parsed: ParsedDocument | null;

  constructor({ id, creationTime, size, json }: StoredDocument, value: JsonObject | null) {
    this.id = id;
    this.creationTime = creationTime;
    this.size = size;
    this.json = json;
    this.#parsed = value === null ? null : { stored: this, value };
  }

  get parsed(): ParsedDocument {
    return (this.#parsed ??= { stored: this, value: valueOf(this) });
  }
}

export function parseDocument(stored: StoredDocument): ParsedDocument {
  return stored instanceof Version ? stored.parsed : { stored, value: valueOf(stored) };
}

/** @throws DamagedRecordError when the store gave back another text than was written. */
export function valueOf({ id, json }: StoredDocument): JsonObject {
  try {
    // The text is canonical: only `makeDocument` writes it.
    return JSON.parse(json) as JsonObject;
  } catch {
    throw new DamagedRecordError(`the row ${id} cannot be read`);
  }
}

/** The document as it is committed: with the commit's timestamp for its placeholders. */
export function resolveDocument(document: ParsedDocument, ts: Timestamp): ParsedDocument {
  const { stored } = document;
  if (!hasCommitTs(stored.json)) return document;
  // An int64 counts as many bytes as its placeholder.
  return new Version({ ...stored, json: resolveCommitTs(stored.json, ts) }, null).parsed;
}

/** The value without `_id` and `_creationTime`, as schemas see it. */
export function withoutSystemFields(value: JsonObject): JsonObject {
  const fields: Record<string, JsonValue> = {};
  for (const [field, item] of Object.entries(value)) {
    if (field !== "_id" && field !== "_creationTime") setField(fields, field, item);
  }
  return fields;
}

/** What lies at a path of field names; `undefined` where something is missing. */
export function valueAt(value: JsonObject, path: readonly string[]): JsonValue | undefined {
  let current: JsonValue | undefined = value;
  for (const field of path) {
    if (typeof current !== "object" || current === null || isArray(current)) return undefined;
    current = Object.hasOwn(current, field) ? current[field] : undefined;
  }
  return current;
}

/** The key of a document in an index over these paths. */
export function documentKey(value: JsonObject, paths: readonly (readonly string[])[]): string {
  let key = "";
  for (const path of paths) key += encodeKeyPart(valueAt(value, path));
  return key;
}

/** Whether two versions of a document certainly have the same key; without making the keys. */
export function isSameAt(
  old: JsonObject,
  next: JsonObject,
  paths: readonly (readonly string[])[],
): boolean {
  // A patch leaves the values of other fields what they were, objects and arrays too.
  return paths.every((path) => Object.is(valueAt(old, path), valueAt(next, path)));
}

export function encodeStored({ creationTime, size, json }: StoredDocument): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_LENGTH + Buffer.byteLength(json));
  bytes.writeDoubleBE(creationTime, 0);
  bytes.writeUInt32BE(size, 8);
  bytes.write(json, HEADER_LENGTH);
  return bytes;
}

/** @throws DamagedRecordError for too few bytes; whether the text is whole turns out when it is parsed. */
export function decodeStored(id: string, bytes: Buffer): StoredDocument {
  if (bytes.length <= HEADER_LENGTH) throw new DamagedRecordError(`the row ${id} cannot be read`);
  const creationTime = bytes.readDoubleBE(0);
  const size = bytes.readUInt32BE(8);
  const json = bytes.toString("utf8", HEADER_LENGTH, bytes.length);
  return new Version({ id, creationTime, size, json }, null);
}

/** System fields that are given must be the document's own. */
function requireOwnFields(id: string, creationTime: number, fields: JsonObject): void {
  const givenId = fields["_id"];
  if (givenId !== undefined && givenId !== id) {
    throw new DatabaseError(
      "InvalidIdError",
      `Provided document ID "${id}" doesn't match '_id' field ${displayValue(givenId)}`,
    );
  }
  const givenTime = fields["_creationTime"];
  if (givenTime !== undefined && givenTime !== creationTime) {
    throw new DatabaseError(
      "InvalidCreationTimeError",
      `Provided creation time ${creationTime} doesn't match '_creationTime' field in ` +
        displayValue(sortedWith(fields, { _id: id })),
    );
  }
}

/** Whether an object has its system fields and all fields in order, as a patched document has. */
function isWhole(fields: JsonObject): boolean {
  if (!Object.hasOwn(fields, "_id") || !Object.hasOwn(fields, "_creationTime")) return false;
  let previous = "";
  for (const field of Object.keys(fields)) {
    if (field < previous) return false;
    previous = field;
  }
  return true;
}

function sortedWith(fields: JsonObject, system: JsonObject): JsonObject {
  const all = { ...fields, ...system };
  const sorted: Record<string, JsonValue> = {};
  for (const field of Object.keys(all).sort()) setField(sorted, field, all[field] ?? null);
  return sorted;
}

function codeOf(
  error: ValueError,
): "InvalidValue" | Exclude<ValueError["code"], "InvalidValidator"> {
  return error.code === "InvalidValidator" ? "InvalidValue" : error.code;
}
