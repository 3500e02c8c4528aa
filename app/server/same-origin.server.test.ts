import { expect, test } from "vitest";

import { isSameOrigin } from "./same-origin.server.ts";

const shop = "https://shop.test";
const post = { method: "POST", origin: undefined, fetchSite: undefined };

test("reads come from anywhere", () => {
  const request = { method: "GET", origin: "https://elsewhere.test", fetchSite: "cross-site" };
  expect(isSameOrigin(request, shop)).toBe(true);
});

test("a form of the shop may write", () => {
  expect(isSameOrigin({ ...post, origin: shop, fetchSite: "same-origin" }, shop)).toBe(true);
  expect(isSameOrigin({ ...post, origin: shop }, shop)).toBe(true);
  expect(isSameOrigin({ ...post, fetchSite: "same-origin" }, shop)).toBe(true);
});

test.each([
  { origin: "https://elsewhere.test", fetchSite: "cross-site" },
  { origin: "https://sub.shop.test", fetchSite: "same-site" },
  { origin: "http://shop.test", fetchSite: undefined },
  { origin: "null", fetchSite: undefined },
  { origin: shop, fetchSite: "cross-site" },
  { origin: undefined, fetchSite: "none" },
  { origin: undefined, fetchSite: undefined },
])("a write from %j is refused", (headers) => {
  expect(isSameOrigin({ method: "POST", ...headers }, shop)).toBe(false);
});
