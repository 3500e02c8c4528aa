/**
 * Validators in the export format of `convex/values` (`exportArgs()`, `exportReturns()`, document
 * types of a schema), checked against values in their JSON encoding. Wording of the errors is Convex's.
 */
import { VALUE_LIMITS } from "../lib/limits.ts";
import { decodeDocumentId } from "./document-id.ts";
import { displayValue } from "./display.ts";
import { compareValues } from "./index-key.ts";
import { isArray, isPlainObject, kindOf, type JsonObject, type JsonValue } from "./json-value.ts";
import { normalizeValue } from "./normalize.ts";
import { ValueError } from "./value-error.ts";

type ScalarType =
  "null" | "number" | "bigint" | "boolean" | "string" | "bytes" | "any" | "commitTs";

export type Validator =
  | { readonly type: ScalarType }
  | { readonly type: "id"; readonly tableName: string }
  | { readonly type: "literal"; readonly value: JsonValue }
  | { readonly type: "array"; readonly value: Validator }
  | { readonly type: "union"; readonly value: readonly Validator[] }
  | { readonly type: "object"; readonly value: ReadonlyMap<string, FieldValidator> }
  | { readonly type: "record"; readonly keys: Validator; readonly values: Validator };

export interface FieldValidator {
  readonly fieldType: Validator;
  readonly optional: boolean;
}

/** The table that a valid id belongs to by its table number, `null` when there is no such table. */
export type TableLookup = (tableNumber: number) => string | null;

/** Path of the offending part (`.a[2].b`) and what is wrong with it, Convex's full text. */
export interface ValidationFailure {
  readonly path: string;
  readonly message: string;
}

/** Parses a validator's export JSON. Throws `ValueError` (`InvalidValidator`). */
export function parseValidator(json: unknown): Validator {
  if (!isRecord(json)) throw malformed("a validator must be an object");
  switch (json["type"]) {
    case "null":
    case "number":
    case "bigint":
    case "boolean":
    case "string":
    case "bytes":
    case "any":
    case "commitTs":
      return { type: json["type"] };
    case "id":
      if (typeof json["tableName"] !== "string") throw malformed("an id needs a `tableName`");
      return { type: "id", tableName: json["tableName"] };
    case "literal":
      return { type: "literal", value: parseLiteral(json["value"]) };
    case "array":
      return { type: "array", value: parseValidator(json["value"]) };
    case "union":
      if (!Array.isArray(json["value"])) throw malformed("a union needs a list of validators");
      return { type: "union", value: json["value"].map(parseValidator) };
    case "object":
      return { type: "object", value: parseFields(json["value"]) };
    case "record":
      return parseRecord(json);
    default:
      throw malformed(`unknown type ${JSON.stringify(json["type"])}`);
  }
}

/** `null` when the value (canonical, see `normalizeValue`) fits, else the first thing wrong with it. */
export function checkValue(
  validator: Validator,
  value: JsonValue,
  tableName: TableLookup,
): ValidationFailure | null {
  return check(validator, value, tableName, "");
}

/** A validator as it is written in code: `v.object({name: v.string()})`. */
export function displayValidator(validator: Validator): string {
  switch (validator.type) {
    case "number":
      return "v.float64()";
    case "bigint":
      return "v.int64()";
    case "id":
      return `v.id("${validator.tableName}")`;
    case "literal":
      return `v.literal(${displayLiteral(validator.value)})`;
    case "array":
      return `v.array(${displayValidator(validator.value)})`;
    case "union":
      return `v.union(${validator.value.map(displayValidator).join(", ")})`;
    case "record":
      return `v.record(${displayValidator(validator.keys)}, ${displayValidator(validator.values)})`;
    case "object":
      return displayObject(validator.value);
    default:
      return `v.${validator.type}()`;
  }
}

/** Whether some value that fits could have something at this path of field names. */
export function canContainField(validator: Validator, path: readonly string[]): boolean {
  const [first, ...rest] = path;
  if (first === undefined || validator.type === "any") return true;
  if (validator.type === "union") {
    return validator.value.some((option) => canContainField(option, path));
  }
  if (validator.type !== "object") return false;
  const field = validator.value.get(first);
  return field !== undefined && canContainField(field.fieldType, rest);
}

/** Whether some value that fits could have an array of floats at this path of field names. */
export function canContainVector(validator: Validator, path: readonly string[]): boolean {
  if (validator.type === "any") return true;
  if (validator.type === "union") {
    return validator.value.some((option) => canContainVector(option, path));
  }
  const [first, ...rest] = path;
  if (first === undefined) return validator.type === "array" && canBeFloat(validator.value);
  if (validator.type !== "object") return false;
  const field = validator.value.get(first);
  return field !== undefined && canContainVector(field.fieldType, rest);
}

function canBeFloat(validator: Validator): boolean {
  if (validator.type === "union") return validator.value.some(canBeFloat);
  return validator.type === "number" || validator.type === "any";
}

function check(
  validator: Validator,
  value: JsonValue,
  tableName: TableLookup,
  path: string,
): ValidationFailure | null {
  switch (validator.type) {
    case "any":
      return null;
    case "id":
      return checkId(validator, value, tableName, path);
    case "literal":
      return checkLiteral(validator.value, value, path);
    case "array":
      return isArray(value)
        ? checkItems(validator.value, value, tableName, path)
        : noMatch(validator, value, path);
    case "union":
      return checkUnion(validator, validator.value, value, tableName, path);
    case "object":
      return isPlainObject(value)
        ? checkFields(validator.value, value, tableName, path)
        : noMatch(validator, value, path);
    case "record":
      return isPlainObject(value)
        ? checkRecord(validator.keys, validator.values, value, tableName, path)
        : noMatch(validator, value, path);
    default:
      return isOfType(validator.type, value) ? null : noMatch(validator, value, path);
  }
}

function isOfType(type: Exclude<ScalarType, "any">, value: JsonValue): boolean {
  const kind = kindOf(value);
  switch (type) {
    case "number":
      return kind === "float64";
    case "bigint":
    case "commitTs":
      return kind === "int64" || kind === "commitTs";
    default:
      return kind === type;
  }
}

function checkId(
  validator: { readonly type: "id"; readonly tableName: string },
  value: JsonValue,
  tableName: TableLookup,
  path: string,
): ValidationFailure | null {
  const id = typeof value === "string" ? decodeDocumentId(value) : null;
  const found = id === null ? null : tableName(id.tableNumber);
  if (found === null || typeof value !== "string") return noMatch(validator, value, path);
  if (found === validator.tableName) return null;
  const origin = found.startsWith("_") ? "a system table" : `table \`${found}\``;
  return {
    path,
    message:
      `Found ID "${value}" from ${origin}, which does not match the table name in validator ` +
      `\`v.id("${validator.tableName}")\`.${context(path)}`,
  };
}

function checkLiteral(
  literal: JsonValue,
  value: JsonValue,
  path: string,
): ValidationFailure | null {
  if (literal === value || isSameEncoded(literal, value)) return null;
  return {
    path,
    message:
      `\`${displayValue(value)}\` does not match literal validator ` +
      `\`v.literal(${displayLiteral(literal)})\`.${context(path)}`,
  };
}

/** Whether two int64 or special floats are the same; the commit timestamp placeholder is an int64. */
function isSameEncoded(literal: JsonValue, value: JsonValue): boolean {
  return (
    typeof literal === "object" && typeof value === "object" && compareValues(literal, value) === 0
  );
}

function checkItems(
  validator: Validator,
  items: readonly JsonValue[],
  tableName: TableLookup,
  path: string,
): ValidationFailure | null {
  for (const [position, item] of items.entries()) {
    const failure = check(validator, item, tableName, `${path}[${position}]`);
    if (failure !== null) return failure;
  }
  return null;
}

function checkUnion(
  validator: Validator,
  options: readonly Validator[],
  value: JsonValue,
  tableName: TableLookup,
  path: string,
): ValidationFailure | null {
  const [only] = options;
  if (options.length === 1 && only !== undefined) return check(only, value, tableName, path);
  const fits = options.some((option) => check(option, value, tableName, path) === null);
  return fits ? null : noMatch(validator, value, path);
}

function checkFields(
  fields: ReadonlyMap<string, FieldValidator>,
  object: JsonObject,
  tableName: TableLookup,
  path: string,
): ValidationFailure | null {
  for (const [field, { fieldType, optional }] of fields) {
    const value = Object.hasOwn(object, field) ? object[field] : undefined;
    if (value === undefined) {
      if (optional) continue;
      const problem =
        `Object is missing the required field \`${field}\`. Consider wrapping the field ` +
        "validator in `v.optional(...)` if this is expected.";
      return { path, message: describeObject(problem, fields, object, path) };
    }
    const failure = check(fieldType, value, tableName, `${path}.${field}`);
    if (failure !== null) return failure;
  }
  for (const field of Object.keys(object)) {
    if (!fields.has(field)) {
      const problem = `Object contains extra field \`${field}\` that is not in the validator.`;
      return { path, message: describeObject(problem, fields, object, path) };
    }
  }
  return null;
}

function checkRecord(
  keys: Validator,
  values: Validator,
  object: JsonObject,
  tableName: TableLookup,
  path: string,
): ValidationFailure | null {
  for (const [field, value] of Object.entries(object)) {
    const failure =
      check(keys, field, tableName, `${path}.keys()`) ??
      check(values, value, tableName, `${path}.values()`);
    if (failure !== null) return failure;
  }
  return null;
}

function noMatch(validator: Validator, value: JsonValue, path: string): ValidationFailure {
  return {
    path,
    message:
      `Value does not match validator.\n${context(path)}\nValue: ${displayValue(value)}\n` +
      `Validator: ${displayValidator(validator)}`,
  };
}

function describeObject(
  problem: string,
  fields: ReadonlyMap<string, FieldValidator>,
  object: JsonObject,
  path: string,
): string {
  return (
    `${problem}\n${context(path)}\nObject: ${displayValue(object)}\n` +
    `Validator: ${displayObject(fields)}`
  );
}

function context(path: string): string {
  return path === "" ? "" : `Path: ${path}`;
}

function displayObject(fields: ReadonlyMap<string, FieldValidator>): string {
  const shown = [...fields].map(([field, { fieldType, optional }]) => {
    const type = displayValidator(fieldType);
    return `${field}: ${optional ? `v.optional(${type})` : type}`;
  });
  return `v.object({${shown.join(", ")}})`;
}

function displayLiteral(literal: JsonValue): string {
  return kindOf(literal) === "int64" ? "<bigint>" : displayValue(literal);
}

function parseLiteral(json: unknown): JsonValue {
  const value = normalizeValue(json);
  if (!["float64", "int64", "boolean", "string"].includes(kindOf(value))) {
    throw malformed(`${displayValue(value)} is not a valid literal`);
  }
  return value;
}

function parseFields(json: unknown): Map<string, FieldValidator> {
  if (!isRecord(json)) throw malformed("an object needs its fields");
  const fields = new Map<string, FieldValidator>();
  for (const name of Object.keys(json).sort()) {
    if (!isIdentifier(name)) throw malformed(identifierProblem(name));
    fields.set(name, parseField(json[name]));
  }
  return fields;
}

function parseField(json: unknown): FieldValidator {
  if (!isRecord(json)) throw malformed("a field needs a `fieldType`");
  return { fieldType: parseValidator(json["fieldType"]), optional: json["optional"] === true };
}

function parseRecord(json: Record<string, unknown>): Validator {
  const keys = parseValidator(json["keys"]);
  const { fieldType: values, optional } = parseField(json["values"]);
  if (hasStringLiteral(keys))
    throw new ValueError("InvalidValidator", "Records cannot have string literal keys");
  if (!isStringSubtype(keys)) {
    throw new ValueError(
      "InvalidValidator",
      "Records can only have string keys. Your validator contains a record with key typed as " +
        `\`${displayValidator(keys)}\`, which is not a subtype of \`v.string()\``,
    );
  }
  if (optional) {
    throw new ValueError("InvalidValidator", "Records cannot have optional values");
  }
  return { type: "record", keys, values };
}

function isStringSubtype(validator: Validator): boolean {
  if (validator.type === "union") return validator.value.every(isStringSubtype);
  return validator.type === "string" || validator.type === "id";
}

function hasStringLiteral(validator: Validator): boolean {
  if (validator.type === "union") return validator.value.some(hasStringLiteral);
  return validator.type === "literal" && typeof validator.value === "string";
}

/** Names of fields in validators, of tables and indexes: at most 64 letters, digits, underscores. */
export function isIdentifier(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(name) && !/^_+$/.test(name);
}

/** Why a name is no identifier, in Convex's words. */
export function identifierProblem(name: string): string {
  if (name === "") return "Identifier cannot be empty";
  const { max, text } = VALUE_LIMITS.identifierLength;
  if (name.length > max) return text(name.length);
  if (/^_+$/.test(name)) return `Identifier ${name} cannot have exclusively underscores`;
  const first = name.charAt(0);
  if (!/[A-Za-z_]/.test(first)) {
    return (
      `Invalid first character '${first}' in ${name}: Identifiers must start with an alphabetic ` +
      "character or underscore"
    );
  }
  const bad = /[^A-Za-z0-9_]/.exec(name)?.[0] ?? "";
  return (
    `Identifier ${name} has invalid character '${bad}': Identifiers can only contain ` +
    "alphanumeric characters or underscores"
  );
}

function malformed(problem: string): ValueError {
  return new ValueError("InvalidValidator", `Invalid validator: ${problem}.`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
