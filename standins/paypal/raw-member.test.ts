import fc from "fast-check";
import { expect, test } from "vitest";

import { rawMember } from "./raw-member.ts";

test("a member is cut out byte for byte, whatever stands before and after it", () => {
  fc.assert(
    fc.property(
      fc.json(),
      fc.json(),
      fc.json(),
      fc.constantFrom("", " ", "\n\t"),
      (a, b, c, gap) => {
        const text = `{${gap}"before"${gap}:${gap}${a},"event"${gap}:${gap}${b}${gap},"after":${c}${gap}}`;

        expect(rawMember(text, "event")).toBe(b.trim());
      },
    ),
  );
});

test("a name inside another member is not the member", () => {
  expect(rawMember('{"a":{"event":1},"b":["event"],"c":"event"}', "event")).toBeNull();
  expect(rawMember('{"\\u0065vent":[1, 2]}', "event")).toBe("[1, 2]");
});
