import { expect, test } from "vitest";

import { limitKeyOf } from "./clientAddress.ts";

test("ACC-5: an IPv4 address counts as a whole and an IPv6 network by its first half", () => {
  expect(limitKeyOf("203.0.113.7")).toBe("203.0.113.7");
  expect(limitKeyOf("::ffff:203.0.113.7")).toBe("203.0.113.7");
  expect(limitKeyOf("2001:db8:1:2:3:4:5:6")).toBe("2001:db8:1:2::/64");
  expect(limitKeyOf("2001:db8:1:2::9")).toBe(limitKeyOf("2001:0DB8:0001:0002:ffff::1"));
  expect(limitKeyOf("2001:db8::1")).toBe("2001:db8:0:0::/64");
  expect(limitKeyOf("::1")).toBe("0:0:0:0::/64");
});
