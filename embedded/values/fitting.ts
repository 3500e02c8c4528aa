/**
 * Validators compiled to quick yes-or-maybe answers. "Yes" means that a value parsed from JSON text is
 * a Convex value and passes the validator; anything unusual is "maybe", for `normalizeValue` and
 * `checkValue` to look at and to put into words.
 */
import { VALUE_LIMITS } from "../lib/limits.ts";
import { tableNumberOf } from "./document-id.ts";
import { isWellFormed } from "./normalize.ts";
import type { FieldValidator, TableLookup, Validator } from "./validator.ts";

type Fit = (value: unknown, tableName: TableLookup) => boolean;

const compiled = new WeakMap<Validator, Fit>();

/** True only for a valid value that passes; false when it has to be looked at closely. */
export function fits(validator: Validator, value: unknown, tableName: TableLookup): boolean {
  let fit = compiled.get(validator);
  if (fit === undefined) compiled.set(validator, (fit = compile(validator, 0)));
  return fit(value, tableName);
}

const maybe: Fit = () => false;

function compile(validator: Validator, depth: number): Fit {
  if (depth >= VALUE_LIMITS.valueNesting.max) return maybe;
  switch (validator.type) {
    case "any":
      return (value) => isText(value) || isPlainScalar(value);
    case "string":
      return isText;
    case "number":
      return (value) => typeof value === "number";
    case "boolean":
      return (value) => typeof value === "boolean";
    case "null":
      return (value) => value === null;
    case "literal": {
      const literal = validator.value;
      return typeof literal === "object" ? maybe : (value) => value === literal;
    }
    case "id":
      return fitId(validator.tableName);
    case "array":
      return fitArray(compile(validator.value, depth + 1));
    case "object":
      return fitObject(validator.value, depth);
    case "record":
      return validator.keys.type === "string"
        ? fitRecord(compile(validator.values, depth + 1))
        : maybe;
    case "union": {
      const options = validator.value.map((option) => compile(option, depth));
      return (value, tableName) => options.some((option) => option(value, tableName));
    }
    default:
      return maybe;
  }
}

function isText(value: unknown): boolean {
  return typeof value === "string" && isWellFormed(value);
}

function isPlainScalar(value: unknown): boolean {
  return typeof value === "number" || typeof value === "boolean" || value === null;
}

function fitId(wanted: string): Fit {
  return (value, tableName) => {
    const tableNumber = typeof value === "string" ? tableNumberOf(value) : null;
    return tableNumber !== null && tableName(tableNumber) === wanted;
  };
}

function fitArray(fitItem: Fit): Fit {
  return (value, tableName) => {
    if (!Array.isArray(value) || value.length > VALUE_LIMITS.arrayLength.max) return false;
    for (const item of value) if (!fitItem(item, tableName)) return false;
    return true;
  };
}

function fitObject(validators: ReadonlyMap<string, FieldValidator>, depth: number): Fit {
  const fields = Array.from(validators, ([name, { fieldType, optional }]) => ({
    name,
    optional,
    fit: compile(fieldType, depth + 1),
  }));
  const isOdd = fields.some(({ name }) => name in Object.prototype);
  if (isOdd || fields.length > VALUE_LIMITS.objectFields.max) return maybe;
  return (value, tableName) => {
    if (!isObject(value)) return false;
    let present = 0;
    for (const { name, optional, fit } of fields) {
      const field = value[name];
      if (field === undefined) {
        if (!optional) return false;
      } else if (fit(field, tableName)) {
        present += 1;
      } else {
        return false;
      }
    }
    return Object.keys(value).length === present;
  };
}

function fitRecord(fitValue: Fit): Fit {
  return (value, tableName) => {
    if (!isObject(value)) return false;
    const names = Object.keys(value);
    if (names.length > VALUE_LIMITS.objectFields.max) return false;
    for (const name of names) {
      if (!ORDINARY_NAME.test(name) || !fitValue(value[name], tableName)) return false;
    }
    return true;
  };
}

/** Field names that need no closer look; there are more valid ones. */
export const ORDINARY_NAME = /^[A-Za-z0-9][ -~]{0,99}$/;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
