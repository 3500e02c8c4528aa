import { expect, test } from "vitest";

import { formatOrderNumber, parseOrderNumber } from "./orderNumber.ts";

test("an order number carries its sequence there and back", () => {
  expect(formatOrderNumber(11_197)).toBe("VT-11197");
  expect(parseOrderNumber("VT-11197")).toBe(11_197);
  expect(parseOrderNumber(formatOrderNumber(123_456))).toBe(123_456);
});

test("other texts are not order numbers", () => {
  for (const text of ["", "VT-", "VT-12", "vt-11197", "VT-11197 ", "VT-1119x", "11197"]) {
    expect(parseOrderNumber(text)).toBeNull();
  }
});
