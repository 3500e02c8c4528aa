import { VALUE_LIMITS } from "../lib/limits.ts";

/** A longer array, or an object with more fields, takes more text than this. */
const SMALLEST_EXCESS = Math.min(
  VALUE_LIMITS.arrayLength.max * "0,".length,
  VALUE_LIMITS.objectFields.max * '"":0,'.length,
);

const [QUOTE, COMMA, OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = Array.from(
  '",[]{}',
  (it) => it.charCodeAt(0),
);

/**
 * Whether the JSON text of a value keeps within the limits of arrays, objects and nesting and holds
 * no lone surrogate, seen without parsing it. Otherwise it has to be looked at closely.
 */
export function isOrdinaryJson(json: string): boolean {
  if (json.includes("\\ud")) return false;
  if (json.length <= SMALLEST_EXCESS && !hasManyContainers(json)) return true;
  return keepsWithinLimits(json);
}

/** More than may be nested, whether they are or not. */
function hasManyContainers(json: string): boolean {
  let left = VALUE_LIMITS.valueNesting.max;
  for (const opener of ["[", "{"]) {
    for (let at = json.indexOf(opener); at !== -1; at = json.indexOf(opener, at + 1)) {
      if (left === 0) return true;
      left -= 1;
    }
  }
  return false;
}

function keepsWithinLimits(json: string): boolean {
  const { arrayLength, objectFields, valueNesting } = VALUE_LIMITS;
  /** Commas seen in each open container, and how many it may have. */
  const commas: number[] = [];
  const room: number[] = [];
  for (let at = 0; at < json.length; at += 1) {
    switch (json.charCodeAt(at)) {
      case QUOTE:
        at = endOfText(json, at);
        break;
      case COMMA: {
        const depth = commas.length - 1;
        const count = (commas[depth] ?? 0) + 1;
        commas[depth] = count;
        if (count > (room[depth] ?? 0)) return false;
        break;
      }
      case OPEN_ARRAY:
      case OPEN_OBJECT: {
        const limit = json.charCodeAt(at) === OPEN_ARRAY ? arrayLength : objectFields;
        if (commas.push(0) > valueNesting.max) return false;
        room.push(limit.max - 1);
        break;
      }
      case CLOSE_ARRAY:
      case CLOSE_OBJECT:
        commas.pop();
        room.pop();
    }
  }
  return true;
}

/** Position of the quote that ends the text which begins at `start`. */
function endOfText(json: string, start: number): number {
  for (let end = json.indexOf('"', start + 1); end !== -1; end = json.indexOf('"', end + 1)) {
    let escapes = 0;
    while (json[end - 1 - escapes] === "\\") escapes += 1;
    if (escapes % 2 === 0) return end;
  }
  return json.length;
}
