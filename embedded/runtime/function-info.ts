import type { ComponentPath, Transaction } from "../database/types.ts";
import { FUNCTION_LIMITS } from "../lib/limits.ts";
import { displayPath, storedPath, type FunctionPath } from "../modules/function-path.ts";
import type { AnalyzedFunction } from "../modules/module-probe.ts";
import { hasCommitTs } from "../values/commit-ts.ts";
import { isPlainObject, type JsonValue } from "../values/json-value.ts";
import { fits } from "../values/fitting.ts";
import { parseValue } from "../values/normalize.ts";
import { isOrdinaryJson } from "../values/ordinary-json.ts";
import { valueSize } from "../values/size.ts";
import { textFits } from "../values/text-fitting.ts";
import { ValueError } from "../values/value-error.ts";
import {
  checkValue,
  parseValidator,
  type TableLookup,
  type Validator,
} from "../values/validator.ts";
import { FunctionError } from "./function-error.ts";

/** A registered function as callers are checked against it. */
export interface FunctionInfo {
  readonly udfType: "query" | "mutation" | "action";
  readonly visibility: "public" | "internal" | null;
  /** `null` when anything goes. */
  readonly args: Validator | null;
  readonly returns: Validator | null;
}

const UDF_TYPES = { Query: "query", Mutation: "mutation", Action: "action" } as const;

/** The function as a push's analysis found it. */
export function functionInfo({
  udfType,
  visibility,
  args,
  returns,
}: AnalyzedFunction): FunctionInfo {
  return {
    udfType: UDF_TYPES[udfType],
    visibility: visibility?.kind ?? null,
    args: validatorOf(args),
    returns: validatorOf(returns),
  };
}

/**
 * Refuses callers who may not call the function, in words that do not tell whether it exists.
 * @throws FunctionError
 */
export function requireCallable(
  path: FunctionPath,
  info: FunctionInfo | null,
  udfType: FunctionInfo["udfType"],
  mayCallInternal: boolean,
): FunctionInfo {
  if (info === null || (info.visibility !== "public" && !mayCallInternal)) {
    throw functionNotFound(displayPath(path));
  }
  if (info.udfType !== udfType) {
    throw new FunctionError(
      `Trying to execute ${storedPath(path)} as ${titleOf(udfType)}, but it is defined as ` +
        `${titleOf(info.udfType)}.`,
    );
  }
  return info;
}

export function functionNotFound(path: string): FunctionError {
  return new FunctionError(`Could not find public function for '${path}'.`);
}

/**
 * Canonical text of the arguments `[object]`, checked against the function's validator.
 * @throws FunctionError
 */
export function checkArgs(
  path: FunctionPath,
  info: FunctionInfo,
  argsJson: string,
  tableName: TableLookup,
  options: { readonly commitTs: boolean; readonly isCanonical?: boolean },
): string {
  if (options.isCanonical === true && fitsArgs(info.args, argsJson, tableName)) return argsJson;
  const args = parseArgs(path, argsJson, options);
  if (info.args !== null && !fits(info.args, args[0], tableName)) {
    const failure = checkValue(info.args, args[0], tableName);
    if (failure !== null) throw new FunctionError(`ArgumentValidationError: ${failure.message}`);
  }
  return JSON.stringify(args);
}

/** The quick way through for ordinary arguments in canonical form. */
function fitsArgs(validator: Validator | null, argsJson: string, tableName: TableLookup): boolean {
  return validator === null || textFits(validator, argsJson.slice(1, -1), tableName);
}

/**
 * Parses the JSON text of an argument array.
 * @throws FunctionError
 */
export function parseArgs(
  path: FunctionPath,
  argsJson: string,
  options: { readonly commitTs: boolean },
): readonly [JsonValue] {
  let args: JsonValue;
  try {
    args = parseValue(argsJson, options);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new FunctionError(`Invalid arguments for ${storedPath(path)}: ${error.message}`);
  }
  const [first = {}, ...more] = Array.isArray(args) ? (args as readonly JsonValue[]) : [args];
  if (more.length > 0 || !isPlainObject(first)) {
    throw new FunctionError(
      `Invalid arguments for ${storedPath(path)}: functions take a single object as their argument.`,
    );
  }
  const size = mayExceed(argsJson, FUNCTION_LIMITS.argsBytes.max) ? valueSize([first]) : 0;
  if (size > FUNCTION_LIMITS.argsBytes.max) {
    throw new FunctionError(FUNCTION_LIMITS.argsBytes.text(storedPath(path), size));
  }
  return [first];
}

/** Why results of some functions must not hold the commit timestamp placeholder. */
const PLACEHOLDER_PROBLEMS = {
  /** Outside of a mutation there is no commit whose timestamp it could be. */
  unresolvable: "queries cannot return an unresolved commit timestamp",
  /** To actions it is no value. */
  unknown: "Field name $commitTs starts with '$', which is reserved.",
} as const;

/**
 * Checks a result's JSON text and returns it.
 * @throws FunctionError
 */
export function checkResult(
  path: FunctionPath,
  info: FunctionInfo,
  resultJson: string,
  tableName: TableLookup,
  { commitTs }: { readonly commitTs: "allowed" | keyof typeof PLACEHOLDER_PROBLEMS },
): string {
  const isBig = mayExceed(resultJson, FUNCTION_LIMITS.resultBytes.max);
  const isChecked = info.returns !== null && info.returns.type !== "any";
  // What fits quickly holds no placeholder.
  if (isChecked && !isBig && fitsResult(info.returns, resultJson, tableName)) return resultJson;
  if (commitTs !== "allowed" && hasCommitTs(resultJson)) {
    throw new FunctionError(
      `Function ${storedPath(path)} return value invalid: ${PLACEHOLDER_PROBLEMS[commitTs]}`,
    );
  }
  if (!isChecked && !isBig && isOrdinaryJson(resultJson)) return resultJson;
  const result = parseResult(path, resultJson);
  const size = isBig ? valueSize(result) : 0;
  if (size > FUNCTION_LIMITS.resultBytes.max) {
    throw new FunctionError(FUNCTION_LIMITS.resultBytes.text(storedPath(path), size));
  }
  if (info.returns !== null && isChecked) {
    const failure = checkValue(info.returns, result, tableName);
    if (failure !== null) throw new FunctionError(`ReturnsValidationError: ${failure.message}`);
  }
  return resultJson;
}

/** The quick way through for ordinary results. */
function fitsResult(validator: Validator | null, json: string, tableName: TableLookup): boolean {
  return validator !== null && textFits(validator, json, tableName);
}

/** Whether a value may count more bytes than that: numbers count nine, even those of one digit. */
function mayExceed(json: string, bytes: number): boolean {
  return json.length > bytes / 5;
}

function parseResult(path: FunctionPath, resultJson: string): JsonValue {
  try {
    return parseValue(resultJson, { commitTs: true });
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    throw new FunctionError(`Function ${storedPath(path)} return value invalid: ${error.message}`);
  }
}

/** The error itself, or what is wrong with the data that it carries. */
export function checkErrorData(error: FunctionError): FunctionError {
  if (error.dataJson === null) return error;
  try {
    parseValue(error.dataJson);
    return error;
  } catch (problem) {
    if (!(problem instanceof ValueError)) throw problem;
    return new FunctionError(`ConvexError with invalid data: ${problem.message}`);
  }
}

/** Finds the table of a table number as validators need it, through the transaction's own view. */
export function tableLookup(transaction: Transaction, componentPath: ComponentPath): TableLookup {
  return (tableNumber) => transaction.tableNumbered(componentPath, tableNumber);
}

function validatorOf(json: string | null): Validator | null {
  const parsed: unknown = json === null ? null : JSON.parse(json);
  return parsed === null ? null : parseValidator(parsed);
}

function titleOf(udfType: FunctionInfo["udfType"]): string {
  return { query: "Query", mutation: "Mutation", action: "Action" }[udfType];
}
