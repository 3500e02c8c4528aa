/** Why a value is no Convex value; names follow Convex where it has one. */
export type ValueErrorCode =
  | "ArrayTooLong"
  | "FieldNameInvalid"
  | "InvalidValidator"
  | "InvalidValue"
  | "TooManyFieldsError"
  | "TooNestedError"
  | "ValueTooLarge";

/** A value or validator that breaks the rules of Convex values. */
export class ValueError extends Error {
  readonly code: ValueErrorCode;

  constructor(code: ValueErrorCode, message: string) {
    super(message);
    this.name = "ValueError";
    this.code = code;
  }
}
