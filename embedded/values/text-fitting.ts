/**
 * Validators compiled to quick yes-or-maybe answers about JSON text, read from front to back without
 * making values of it: results of functions are mostly long, valid and passed on as text. "Yes" means
 * what it means in fitting.ts; texts with anything unusual in them are "maybe".
 */
import { VALUE_LIMITS } from "../lib/limits.ts";
import { tableNumberOf } from "./document-id.ts";
import { ORDINARY_NAME } from "./fitting.ts";
import type { FieldValidator, TableLookup, Validator } from "./validator.ts";

/** Where the value that begins at a position ends, `MAYBE` for one that needs a closer look. */
type Scan = (source: Source, at: number) => number;

const MAYBE = -1;
const QUOTE = '"'.charCodeAt(0);
const COMMA = ",".charCodeAt(0);
const OPENING_BRACKET = "[".charCodeAt(0);
const CLOSING_BRACKET = "]".charCodeAt(0);
const OPENING_BRACE = "{".charCodeAt(0);
const CLOSING_BRACE = "}".charCodeAt(0);

const compiled = new WeakMap<Validator, Scan>();

/**
 * True only when a text holds a valid value that passes; false when it has to be looked at closely.
 * @param json written by `JSON.stringify`, which never writes a lone surrogate as it is. Objects whose
 *   fields are not sorted need a closer look.
 */
export function textFits(validator: Validator, json: string, tableName: TableLookup): boolean {
  let scan = compiled.get(validator);
  if (scan === undefined) compiled.set(validator, (scan = compile(validator, 0)));
  return scan(new Source(json, tableName), 0) === json.length;
}

class Source {
  readonly text: string;
  readonly tableName: TableLookup;
  #escape = MAYBE;

  constructor(text: string, tableName: TableLookup) {
    this.text = text;
    this.tableName = tableName;
  }

  /** Where the next escape sequence is; positions grow, except after `returnTo`. */
  nextEscape(at: number): number {
    if (this.#escape < at) {
      const found = this.text.indexOf("\\", at);
      this.#escape = found < 0 ? this.text.length : found;
    }
    return this.#escape;
  }

  /** Back to a position from which on this is the next escape sequence. */
  returnTo(escape: number): void {
    this.#escape = escape;
  }
}

const maybe: Scan = () => MAYBE;

function compile(validator: Validator, depth: number): Scan {
  if (depth >= VALUE_LIMITS.valueNesting.max) return maybe;
  switch (validator.type) {
    case "any":
      return scanAny;
    case "string":
      return scanString;
    case "number":
      return scanNumber;
    case "boolean":
      return scanEither(scanExactly("true"), scanExactly("false"));
    case "null":
      return scanExactly("null");
    case "literal":
      return typeof validator.value === "object"
        ? maybe
        : scanExactly(JSON.stringify(validator.value));
    case "id":
      return scanId(validator.tableName);
    case "array":
      return scanArray(compile(validator.value, depth + 1));
    case "object":
      return scanObject(validator.value, depth);
    case "record":
      return validator.keys.type === "string"
        ? scanRecord(compile(validator.values, depth + 1))
        : maybe;
    case "union":
      return scanEither(...validator.value.map((option) => compile(option, depth)));
    default:
      return maybe;
  }
}

/** The first that fits; whether another one would have fitted better is left to a closer look. */
function scanEither(...options: readonly Scan[]): Scan {
  return (source, at) => {
    const escape = source.nextEscape(at);
    for (const option of options) {
      const end = option(source, at);
      if (end !== MAYBE) return end;
      source.returnTo(escape);
    }
    return MAYBE;
  };
}

function scanExactly(wanted: string): Scan {
  return ({ text }, at) => (text.startsWith(wanted, at) ? at + wanted.length : MAYBE);
}

const scanAny = scanEither(
  scanString,
  scanNumber,
  scanExactly("true"),
  scanExactly("false"),
  scanExactly("null"),
);

function scanString(source: Source, at: number): number {
  const { text } = source;
  if (text.charCodeAt(at) !== QUOTE) return MAYBE;
  let quote = text.indexOf('"', at + 1);
  let escape = source.nextEscape(at);
  while (escape < quote) {
    // `JSON.stringify` writes lone surrogates that way.
    if (text.startsWith("\\ud", escape)) return MAYBE;
    const next = escape + 2;
    if (quote < next) quote = text.indexOf('"', next);
    escape = source.nextEscape(next);
  }
  return quote + 1 || MAYBE;
}

/** In JSON nothing else begins like a number. */
function scanNumber({ text }: Source, at: number): number {
  let end = at;
  while (isNumeric(text.charCodeAt(end))) end += 1;
  return end === at ? MAYBE : end;
}

/** `-`, `+`, `.`, digits and `e`. */
function isNumeric(code: number): boolean {
  return (code >= 43 && code <= 57 && code !== COMMA && code !== 47) || code === 101;
}

function scanId(wanted: string): Scan {
  return (source, at) => {
    const end = scanString(source, at);
    if (end === MAYBE) return MAYBE;
    const tableNumber = tableNumberOf(source.text.slice(at + 1, end - 1));
    return tableNumber !== null && source.tableName(tableNumber) === wanted ? end : MAYBE;
  };
}

function scanArray(scanItem: Scan): Scan {
  return (source, at) => {
    const { text } = source;
    if (text.charCodeAt(at) !== OPENING_BRACKET) return MAYBE;
    if (text.charCodeAt(at + 1) === CLOSING_BRACKET) return at + 2;
    let next = at;
    for (let count = 1; count <= VALUE_LIMITS.arrayLength.max; count += 1) {
      next = scanItem(source, next + 1);
      if (next === MAYBE) return MAYBE;
      const code = text.charCodeAt(next);
      if (code === CLOSING_BRACKET) return next + 1;
      if (code !== COMMA) return MAYBE;
    }
    return MAYBE;
  };
}

function scanObject(validators: ReadonlyMap<string, FieldValidator>, depth: number): Scan {
  if (validators.size > VALUE_LIMITS.objectFields.max) return maybe;
  const sorted = [...validators].sort(([left], [right]) => (left < right ? -1 : 1));
  const fields = sorted.map(([name, { fieldType, optional }]) => {
    const label = `${JSON.stringify(name)}:`;
    return { label, furtherLabel: `,${label}`, optional, scan: compile(fieldType, depth + 1) };
  });
  return (source, at) => {
    const { text } = source;
    if (text.charCodeAt(at) !== OPENING_BRACE) return MAYBE;
    const first = at + 1;
    let next = first;
    for (const { label, furtherLabel, optional, scan } of fields) {
      const wanted = next === first ? label : furtherLabel;
      if (text.startsWith(wanted, next)) {
        next = scan(source, next + wanted.length);
        if (next === MAYBE) return MAYBE;
      } else if (!optional) {
        return MAYBE;
      }
    }
    return text.charCodeAt(next) === CLOSING_BRACE ? next + 1 : MAYBE;
  };
}

function scanRecord(scanValue: Scan): Scan {
  return (source, at) => {
    const { text } = source;
    if (text.charCodeAt(at) !== OPENING_BRACE) return MAYBE;
    if (text.charCodeAt(at + 1) === CLOSING_BRACE) return at + 2;
    let next = at;
    for (let count = 1; count <= VALUE_LIMITS.objectFields.max; count += 1) {
      next = scanEntry(source, next + 1, scanValue);
      if (next === MAYBE) return MAYBE;
      const code = text.charCodeAt(next);
      if (code === CLOSING_BRACE) return next + 1;
      if (code !== COMMA) return MAYBE;
    }
    return MAYBE;
  };
}

function scanEntry(source: Source, at: number, scanValue: Scan): number {
  const { text } = source;
  const end = scanString(source, at);
  if (end === MAYBE || !text.startsWith(":", end)) return MAYBE;
  const name = text.slice(at + 1, end - 1);
  // What is behind an escape sequence may be no ordinary name.
  if (name.includes("\\") || !ORDINARY_NAME.test(name)) return MAYBE;
  return scanValue(source, end + 1);
}
