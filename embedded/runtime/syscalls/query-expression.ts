import { compareValues } from "../../values/index-key.ts";
import {
  encodeFloat64,
  encodeInt64,
  float64Of,
  int64Of,
  isArray,
  isPlainObject,
  kindOf,
  type JsonObject,
  type JsonValue,
} from "../../values/json-value.ts";
import { displayValue } from "../../values/display.ts";
import { isUndefinedMarker, normalizeValue } from "../../values/normalize.ts";
import { FunctionError } from "../function-error.ts";

type Value = JsonValue | undefined;

/** A filter made ready to be asked about many documents. */
export type Expression = (document: JsonObject) => Value;

const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;

/**
 * Compiles `$eq`, `$field` and the like. Comparisons follow the total order of values; a missing
 * field is `undefined`, which is not null.
 * @throws FunctionError for an unknown operator.
 */
export function compileExpression(json: JsonValue): Expression {
  if (!isPlainObject(json)) throw malformed(json);
  const [entry, ...more] = Object.entries(json);
  if (entry === undefined || more.length > 0) throw malformed(json);
  const [operator, operand] = entry;
  if (operator === "$field") return fieldExpression(operand);
  if (operator === "$literal") {
    const literal = isUndefinedMarker(operand) ? undefined : normalizeValue(operand);
    return () => literal;
  }
  const logic = compileLogic(operator, operand);
  if (logic !== null) return logic;
  const comparison = COMPARISONS[operator];
  if (comparison !== undefined) {
    const [left, right] = compilePair(operand);
    return (document) => comparison(compareValues(left(document), right(document)));
  }
  const arithmetic = ARITHMETIC[operator];
  if (arithmetic !== undefined) {
    const [left, right] = compilePair(operand);
    return (document) => calculate(arithmetic, left(document), right(document));
  }
  if (operator === "$neg") {
    const inner = compileExpression(operand);
    return (document) => negate(inner(document));
  }
  throw malformed(json);
}

/** Whether a document passes. Anything but a boolean is an error, as it is on Convex. */
export function passesFilter(expression: Expression, document: JsonObject): boolean {
  return requireBoolean(expression(document));
}

const COMPARISONS: Readonly<Record<string, (order: number) => boolean>> = {
  $eq: (order) => order === 0,
  $neq: (order) => order !== 0,
  $lt: (order) => order < 0,
  $lte: (order) => order <= 0,
  $gt: (order) => order > 0,
  $gte: (order) => order >= 0,
};

interface Arithmetic {
  readonly name: string;
  readonly floats: (left: number, right: number) => number;
  readonly integers: (left: bigint, right: bigint) => bigint;
  readonly dividesByRight?: true;
}

const ARITHMETIC: Readonly<Record<string, Arithmetic>> = {
  $add: { name: "add", floats: (a, b) => a + b, integers: (a, b) => a + b },
  $sub: { name: "subtract", floats: (a, b) => a - b, integers: (a, b) => a - b },
  $mul: { name: "multiply", floats: (a, b) => a * b, integers: (a, b) => a * b },
  $div: {
    name: "divide",
    floats: (a, b) => a / b,
    integers: (a, b) => a / b,
    dividesByRight: true,
  },
  $mod: {
    name: "mod",
    floats: (a, b) => a % b,
    integers: (a, b) => a % b,
    dividesByRight: true,
  },
};

function compileLogic(operator: string, operand: JsonValue): Expression | null {
  if (operator === "$not") {
    const inner = compileExpression(operand);
    return (document) => !requireBoolean(inner(document));
  }
  if (operator !== "$and" && operator !== "$or") return null;
  if (!isArray(operand)) throw malformed(operand);
  const parts = operand.map(compileExpression);
  // Every part before the deciding one has to be a boolean, those after it are not looked at.
  return operator === "$and"
    ? (document) => parts.every((part) => requireBoolean(part(document)))
    : (document) => parts.some((part) => requireBoolean(part(document)));
}

function fieldExpression(operand: JsonValue): Expression {
  if (typeof operand !== "string") throw malformed(operand);
  const path = operand.split(".");
  return (document) => fieldAt(document, path);
}

/** The value at a path of field names; `undefined` when something on the way is no object. */
function fieldAt(document: JsonObject, path: readonly string[]): Value {
  let value: Value = document;
  for (const name of path) {
    if (!isPlainObject(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}

function compilePair(operand: JsonValue): [Expression, Expression] {
  if (!isArray(operand) || operand.length !== 2) throw malformed(operand);
  const [left = null, right = null] = operand;
  return [compileExpression(left), compileExpression(right)];
}

function calculate(arithmetic: Arithmetic, left: Value, right: Value): JsonValue {
  const kind = numericKind(left);
  if (left === undefined || right === undefined || kind === null || kind !== numericKind(right)) {
    throw new FunctionError(`Cannot ${arithmetic.name} ${typed(left)} and ${typed(right)}`);
  }
  if (kind === "float64") {
    return encodeFloat64(arithmetic.floats(float64Of(left), float64Of(right)));
  }
  const [a, b] = [int64Of(left), int64Of(right)];
  if (arithmetic.dividesByRight && b === 0n) {
    throw new FunctionError(`Cannot ${arithmetic.name} ${a} by zero`);
  }
  return checkedInt64(arithmetic.integers(a, b), `${arithmetic.name} ${a} and ${b}`);
}

function negate(value: Value): JsonValue {
  const kind = numericKind(value);
  if (value === undefined || kind === null) {
    throw new FunctionError(`Cannot negate ${typed(value)}`);
  }
  if (kind === "float64") return encodeFloat64(-float64Of(value));
  return checkedInt64(-int64Of(value), `negate ${int64Of(value)}`);
}

function checkedInt64(result: bigint, calculation: string): JsonValue {
  if (result < MIN_INT64 || result > MAX_INT64) {
    throw new FunctionError(`Cannot ${calculation}: the result is out of range for Int64`);
  }
  return encodeInt64(result);
}

function numericKind(value: Value): "int64" | "float64" | null {
  if (value === undefined) return null;
  const kind = kindOf(value);
  if (kind === "commitTs") return "int64";
  return kind === "int64" || kind === "float64" ? kind : null;
}

function requireBoolean(value: Value): boolean {
  if (typeof value === "boolean") return value;
  throw new FunctionError(`Cannot use value ${typed(value)} as a Boolean`);
}

/** For example `1.0 (type Float64)`. */
function typed(value: Value): string {
  if (value === undefined) return "undefined (type undefined)";
  const kind = kindOf(value);
  const type = kind === "commitTs" ? "Int64" : kind.charAt(0).toUpperCase() + kind.slice(1);
  return `${displayValue(value)} (type ${type})`;
}

function malformed(json: JsonValue): FunctionError {
  return new FunctionError(`Invalid filter expression: ${JSON.stringify(json)}`);
}
