import fc from "fast-check";
import { expect, test } from "vitest";

import { parseValue, stringifyValue } from "../values/normalize.ts";
import { csvRecords } from "./csv-records.ts";
import { fromExportJson, toExportJson } from "./export-json.ts";
import { textLines } from "./text-lines.ts";

async function* partsOf(text: string, size: number): AsyncGenerator<string> {
  for (let start = 0; start < text.length; start += size) yield text.slice(start, start + size);
}

async function* bytesOf(text: string, size: number): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  for (let start = 0; start < bytes.length; start += size)
    yield bytes.subarray(start, start + size);
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

const base64 = (bytes: number) =>
  fc
    .uint8Array({ minLength: bytes, maxLength: bytes })
    .map((array) => Buffer.from(array).toString("base64"));

/** Any Convex value in its JSON encoding. */
const values = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((float) => (float === 0 ? 0 : float)),
    fc.integer(),
    base64(8).map(($integer) => ({ $integer })),
    fc.constantFrom("AAAAAAAA+H8=", "AAAAAAAA8P8=", "AAAAAAAAAIA=").map(($float) => ({ $float })),
    base64(5).map(($bytes) => ({ $bytes })),
    fc.string({ unit: "grapheme" }),
    fc.constantFrom('"', "\\", "-1", '\\"12', '{"$integer":"x"}'),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom("a", "b1", "-2", "c d"), tie("value"), { maxKeys: 4 }),
  ),
})).value;

test("every value is the same after a line of a snapshot", () => {
  fc.assert(
    fc.property(values, (value) => {
      const canonical = stringifyValue(parseValue(JSON.stringify({ value })));
      const line = toExportJson(canonical);
      expect(stringifyValue(parseValue(fromExportJson(line)))).toBe(canonical);
      expect(line).not.toMatch(/\n/);
    }),
  );
});

test("numbers are written as the cloud writes them", () => {
  const written = toExportJson(
    '{"a":1,"b":{"$integer":"AQAAAAAAAAA="},"c":{"$float":"AAAAAAAAAIA="},"d":1e21}',
  );
  expect(written).toBe('{"a":1.0,"b":1,"c":-0.0,"d":1e+21}');
});

test("what is no JSON stays none", () => {
  for (const broken of ['{"a":01}', '{"a":"1', "{1", '{"a":--1}', '"\\', "-"]) {
    expect(() => parseValue(fromExportJson(broken))).toThrow();
  }
});

test("CSV records are the same however the text is cut", async () => {
  const text = 'a,b\r\n"x,""y""\r\nz",2\n\n,\r"q"r,"" \nlast,"unended\n';
  const expected = [
    { line: 1, fields: ["a", "b"] },
    { line: 2, fields: ['x,"y"\r\nz', "2"] },
    { line: 5, fields: ["", ""] },
    { line: 6, fields: ["qr", " "] },
    { line: 7, fields: ["last", "unended\n"] },
  ];
  for (const size of [1, 2, 3, 1000]) {
    expect(await all(csvRecords(partsOf(text, size)))).toEqual(expected);
  }
});

test("lines are the same however the bytes are cut, and other bytes are refused", async () => {
  for (const size of [1, 2, 5, 1000]) {
    expect(await all(textLines(bytesOf("ä\r\n\n🙂 b\nend", size)))).toEqual([
      "ä",
      "",
      "🙂 b",
      "end",
    ]);
    expect(await all(textLines(bytesOf("one\n", size)))).toEqual(["one"]);
  }
  async function* latin1(): AsyncGenerator<Buffer> {
    yield Buffer.from("é\n", "latin1");
  }
  await expect(all(textLines(latin1()))).rejects.toThrow("wasn't valid UTF8");
  async function* endless(): AsyncGenerator<Buffer> {
    for (;;) yield Buffer.alloc(1 << 20, 0x61);
  }
  await expect(all(textLines(endless()))).rejects.toThrow(/^Row 1 is longer than/);
});
