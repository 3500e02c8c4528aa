import type { JsonValue } from "../values/json-value.ts";

/**
 * Why a function failed, as its developer is to read it: `Uncaught Error: …` with stack lines for
 * what the function threw, a sentence of the engine's otherwise.
 */
export class FunctionError extends Error {
  override readonly name = "FunctionError";
  /** Convex JSON text of a ConvexError's data. */
  readonly dataJson: string | null;

  constructor(message: string, dataJson: string | null = null) {
    super(message);
    this.dataJson = dataJson;
  }
}

/** What a page's cursor is refused with; clients that paginate start over when they see the data. */
export function invalidCursorError(): FunctionError {
  const data: JsonValue = { isConvexSystemError: true, paginationError: "InvalidCursor" };
  return new FunctionError(
    "InvalidCursor: Tried to run a query starting from a cursor, but it looks like this cursor is " +
      "from a different query.",
    JSON.stringify(data),
  );
}
