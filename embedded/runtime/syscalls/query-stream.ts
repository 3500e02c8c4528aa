import { parseDocument } from "../../database/stored-document.ts";
import type { IndexEntry, IndexKey, RangeCursor } from "../../database/types.ts";
import { FUNCTION_LIMITS } from "../../lib/limits.ts";
import {
  isArray,
  isPlainObject,
  type JsonObject,
  type JsonValue,
} from "../../values/json-value.ts";
import { FunctionError } from "../function-error.ts";
import { compileExpression, passesFilter, type Expression } from "./query-expression.ts";

type Operator =
  | { readonly kind: "filter"; readonly passes: Expression }
  | { readonly kind: "limit"; readonly count: number };

/** A step of reading: a document that passed, one that did not, or the end. */
export type StreamStep =
  | {
      readonly kind: "result";
      readonly json: string;
      readonly size: number;
      readonly key: IndexKey;
    }
  | { readonly kind: "dropped"; readonly size: number; readonly key: IndexKey }
  | { readonly kind: "end" };

/** @throws FunctionError for operators that do not exist or are too many. */
export function parseOperators(operators: JsonValue | undefined): readonly Operator[] {
  if (operators === undefined) return [];
  if (!isArray(operators)) throw new FunctionError("Invalid query: `operators` must be a list.");
  if (operators.length > FUNCTION_LIMITS.queryOperators.max) {
    throw new FunctionError(FUNCTION_LIMITS.queryOperators.text());
  }
  return operators.map((operator) => {
    if (isPlainObject(operator)) {
      const { filter, limit } = operator;
      if (filter !== undefined) return { kind: "filter", passes: compileExpression(filter) };
      if (typeof limit === "number") return { kind: "limit", count: limit };
    }
    throw new FunctionError(`Invalid query operator ${JSON.stringify(operator)}.`);
  });
}

/** The most documents of the source that so many results take; unknown when some may be dropped. */
export function expectedReads(
  operators: readonly Operator[],
  results = Infinity,
): number | undefined {
  let expected = Infinity;
  for (const operator of operators) {
    if (operator.kind === "filter") return expected === Infinity ? undefined : expected;
    expected = Math.min(expected, operator.count);
  }
  expected = Math.min(expected, results);
  return expected === Infinity ? undefined : expected;
}

/** Documents of a source that pass the operators, read one at a time and no further than asked. */
export class QueryStream {
  readonly #cursor: RangeCursor;
  readonly #operators: readonly Operator[];
  readonly #remaining: number[];
  #isAtEnd = false;

  constructor(cursor: RangeCursor, operators: readonly Operator[]) {
    this.#cursor = cursor;
    this.#operators = operators;
    this.#remaining = operators.map((operator) =>
      operator.kind === "limit" ? operator.count : Infinity,
    );
  }

  /** JSON text of the next document, `null` at the end; `onRead` is told of each that is read. */
  next(onRead: () => void): string | null {
    for (;;) {
      const step = this.step();
      onRead();
      if (step.kind === "end") return null;
      if (step.kind === "result") return step.json;
    }
  }

  /** Reads one document of the source, unless a limit is used up. */
  step(): StreamStep {
    if (this.#isAtEnd || this.#remaining.some((count) => count <= 0)) return { kind: "end" };
    const entry = this.#cursor.next();
    if (entry === null) {
      this.#isAtEnd = true;
      return { kind: "end" };
    }
    const { key, document } = entry;
    const { json, size } = document;
    return this.#passes(entry)
      ? { kind: "result", json, size, key }
      : { kind: "dropped", size, key };
  }

  #passes({ document }: IndexEntry): boolean {
    let fields: JsonObject | null = null;
    for (const [position, operator] of this.#operators.entries()) {
      if (operator.kind === "limit") {
        this.#remaining[position] = (this.#remaining[position] ?? 0) - 1;
      } else {
        fields ??= parseDocument(document).value;
        if (!passesFilter(operator.passes, fields)) return false;
      }
    }
    return true;
  }
}
