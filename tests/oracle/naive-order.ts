/** Convex's order of values, written down from its definition: by type, then within the type. */
import type { Value } from "convex/values";

/** Negative, zero or positive as `left` sorts before, with or after `right`; undefined is a missing field. */
export function compareNaively(left: Value | undefined, right: Value | undefined): number {
  const byType = rankOf(left) - rankOf(right);
  if (byType !== 0) return byType;
  if (typeof left === "bigint") return left < (right as bigint) ? -1 : Number(left !== right);
  if (typeof left === "number") return compareFloats(left, right as number);
  if (typeof left === "string") return compareLists(codePoints(left), codePoints(right as string));
  if (left instanceof ArrayBuffer) {
    return compareLists([...new Uint8Array(left)], [...new Uint8Array(right as ArrayBuffer)]);
  }
  if (Array.isArray(left)) return compareLists(left, right as Value[]);
  if (typeof left === "object" && left !== null) {
    return compareLists(fieldsOf(left), fieldsOf(right as object));
  }
  return 0;
}

function rankOf(value: Value | undefined): number {
  if (value === undefined) return 0;
  if (value === null) return 1;
  if (typeof value === "bigint") return 2;
  if (typeof value === "number") return 3;
  if (typeof value === "boolean") return value ? 5 : 4;
  if (typeof value === "string") return 6;
  if (value instanceof ArrayBuffer) return 7;
  return Array.isArray(value) ? 8 : 9;
}

/** −Infinity … −0 < 0 … Infinity < NaN. */
function compareFloats(left: number, right: number): number {
  if (Object.is(left, right)) return 0;
  if (Number.isNaN(left)) return 1;
  if (Number.isNaN(right)) return -1;
  if (left === right) return Object.is(left, -0) ? -1 : 1;
  return left < right ? -1 : 1;
}

function compareLists(left: readonly Value[], right: readonly Value[]): number {
  for (const [position, item] of left.entries()) {
    if (position >= right.length) return 1;
    const order = compareNaively(item, right[position]);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

/** UTF-8 sorts like code points, unlike the UTF-16 units of JavaScript. */
function codePoints(text: string): number[] {
  return Array.from(text, (character) => character.codePointAt(0) ?? 0);
}

/** Names and values in turn, by name; names are ASCII. */
function fieldsOf(object: object): Value[] {
  return Object.entries(object)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .flat() as Value[];
}
