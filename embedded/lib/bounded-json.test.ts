import fc from "fast-check";
import { expect, test } from "vitest";

import { parseBoundedJson } from "./bounded-json.ts";

const PADDING = "x".repeat(20_000);

test("long texts are parsed like short ones, whatever their strings hold", () => {
  fc.assert(
    fc.property(
      fc.jsonValue(),
      fc.string({ unit: fc.constantFrom("\\", '"', "[", "{", "a") }),
      (value, text) => {
        const json = JSON.stringify([value, text, PADDING]);
        expect(parseBoundedJson(json)).toEqual(JSON.parse(json));
      },
    ),
  );
});

test("a long text that nests too deeply is refused before it is parsed", () => {
  expect(() => parseBoundedJson("[".repeat(20_000_000))).toThrow(/nested deeper than 100 levels/);
  expect(() => parseBoundedJson('{"a":'.repeat(20_000))).toThrow(SyntaxError);
  const deep = `${"[".repeat(100)}"${PADDING}"${"]".repeat(100)}`;
  expect(parseBoundedJson(deep)).toBeInstanceOf(Array);
});

test("a string that is not closed is a syntax error", () => {
  expect(() => parseBoundedJson(`["${PADDING}\\"`)).toThrow(SyntaxError);
});
