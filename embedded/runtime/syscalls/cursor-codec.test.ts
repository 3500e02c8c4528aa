import fc from "fast-check";
import { expect, test } from "vitest";

import { CursorCodec } from "./cursor-codec.ts";

const codec = new CursorCodec(Buffer.alloc(32, 1));

test("what was encoded is decoded, binary keys included", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const text = Buffer.from(bytes).toString("latin1");
      expect(codec.decode(codec.encode(text))).toBe(text);
      expect(codec.encode(text)).toBe(codec.encode(text));
    }),
  );
});

test("a changed, foreign or invented cursor is none", () => {
  const cursor = codec.encode("a position");
  const bytes = Buffer.from(cursor, "base64url");
  for (let index = 0; index < bytes.length; index += 1) {
    const changed = Buffer.from(bytes);
    changed[index]! ^= 1;
    expect(codec.decode(changed.toString("base64url"))).toBeNull();
  }
  expect(new CursorCodec(Buffer.alloc(32, 2)).decode(cursor)).toBeNull();
  for (const invented of ["", "x", "A".repeat(100), "ü"]) expect(codec.decode(invented)).toBeNull();
});
