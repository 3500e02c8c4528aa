import { decodeDocumentId } from "../values/document-id.ts";
import { displayValue } from "../values/display.ts";
import { float64Of, isPlainObject, kindOf, type JsonValue } from "../values/json-value.ts";
import { parseValue } from "../values/normalize.ts";
import { ValueError } from "../values/value-error.ts";
import { DatabaseError } from "./database-error.ts";
import { makeDocument, type ParsedDocument } from "./stored-document.ts";

/** What an imported document gets where it brings nothing of its own. */
export interface ImportedDefaults {
  readonly tableName: string;
  readonly tableNumber: number;
  newId(): string;
  newCreationTime(): number;
}

/**
 * A document from its JSON text in Convex's encoding; `_id` and `_creationTime` are kept when it has
 * them.
 * @throws DatabaseError for anything that is no valid document of the table.
 */
export function importedDocument(json: string, defaults: ImportedDefaults): ParsedDocument {
  const fields = parseImported(json);
  if (!isPlainObject(fields)) {
    throw new DatabaseError("DocumentNotObject", "Documents must be objects");
  }
  const id = fields["_id"] === undefined ? defaults.newId() : givenId(fields["_id"], defaults);
  const creationTime =
    fields["_creationTime"] === undefined
      ? defaults.newCreationTime()
      : givenCreationTime(fields["_creationTime"]);
  return makeDocument(id, creationTime, fields);
}

function parseImported(json: string): JsonValue {
  try {
    return parseValue(json);
  } catch (error) {
    if (error instanceof ValueError) throw new DatabaseError("InvalidValue", error.message);
    throw error;
  }
}

function givenId(id: JsonValue, { tableName, tableNumber }: ImportedDefaults): string {
  const decoded = typeof id === "string" ? decodeDocumentId(id) : null;
  if (typeof id !== "string" || decoded === null) {
    throw new DatabaseError(
      "InvalidIdError",
      `invalid _id '${typeof id === "string" ? id : displayValue(id)}'`,
    );
  }
  if (decoded.tableNumber === tableNumber) return id;
  throw new DatabaseError(
    "ImportConflict",
    `_id ${id} cannot be imported into '${tableName}' because it came from a different deployment ` +
      "and conflict with preexisting tables in this deployment. Try deleting preexisting tables or " +
      "importing into an empty deployment.",
  );
}

function givenCreationTime(value: JsonValue): number {
  const time = kindOf(value) === "float64" ? float64Of(value) : NaN;
  if (Number.isFinite(time) && time >= 0) return time;
  throw new DatabaseError(
    "InvalidCreationTimeError",
    `_creationTime must be milliseconds of Unix time, not ${displayValue(value)}`,
  );
}
