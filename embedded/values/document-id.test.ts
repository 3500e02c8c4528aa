import fc from "fast-check";
import { expect, test } from "vitest";

import { decodeDocumentId, encodeDocumentId, idProblem, newInternalId } from "./document-id.ts";
import { decodeTimestamp, encodeTimestamp } from "./timestamp.ts";

const counting = Buffer.from(Array.from({ length: 16 }, (_, position) => position));

test("ids are encoded as Convex does", () => {
  const encode = (tableNumber: number): string =>
    encodeDocumentId({ tableNumber, internalId: counting });
  expect(encode(10001)).toBe("j57000820c20a1g7104gm2rc1m70ynr8");
  expect(encode(540)).toBe("kg2000820c20a1g7104gm2rc1m70y674");
});

test("what was encoded is decoded", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 0xffffffff }),
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
      (tableNumber, bytes) => {
        const id = encodeDocumentId({ tableNumber, internalId: Buffer.from(bytes) });
        expect(id.length).toBeGreaterThanOrEqual(31);
        expect(id.length).toBeLessThanOrEqual(37);
        const decoded = decodeDocumentId(id);
        expect(decoded?.tableNumber).toBe(tableNumber);
        expect(decoded?.internalId.equals(bytes)).toBe(true);
      },
    ),
  );
});

test("any changed character makes it no id", () => {
  const id = encodeDocumentId({ tableNumber: 10001, internalId: counting });
  for (let position = 0; position < id.length; position += 1) {
    const other = id[position] === "0" ? "1" : "0";
    const changed = id.slice(0, position) + other + id.slice(position + 1);
    expect(decodeDocumentId(changed)).toBeNull();
  }
});

test.for(["", "x", "j57000820c20a1g7104gm2rc1m70ynr", "J57000820C20A1G7104GM2RC1M70YNR8", "å"])(
  "%o is no id",
  (text) => expect(decodeDocumentId(text)).toBeNull(),
);

test.for([
  ["abc", "Invalid ID length 3"],
  ["j".repeat(38), "Invalid ID length 38"],
  ["J57000820C20A1G7104GM2RC1M70YNR8", "ID wasn't valid base32"],
  ["057000820c20a1g7104gm2rc1m70ynr8", "Invalid table number"],
  ["j57000820c20a1g7104gm2rc1m70ynr9", "Invalid ID version 256 (expected 0)"],
] as const)("what is wrong with %o is said in Convex's words", ([text, problem]) => {
  expect(idProblem(text)).toBe(problem);
});

test("internal ids end with the day they were made on", () => {
  const id = newInternalId(Buffer.alloc(14, 7), Date.UTC(2026, 0, 2, 23));
  expect(id.subarray(0, 14).every((byte) => byte === 7)).toBe(true);
  expect(id.readUInt16BE(14)).toBe(Date.UTC(2026, 0, 2) / 86_400_000);
});

test("timestamps travel as eight little-endian bytes", () => {
  expect(encodeTimestamp(0n)).toBe("AAAAAAAAAAA=");
  expect(encodeTimestamp(1n)).toBe("AQAAAAAAAAA=");
  const now = 1_795_364_283_308_123_456n;
  expect(decodeTimestamp(encodeTimestamp(now))).toBe(now);
  expect(decodeTimestamp("AAAA")).toBeNull();
  expect(decodeTimestamp("AAAAAAAAAAA!")).toBeNull();
});
