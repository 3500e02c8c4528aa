import { expect, test } from "vitest";

import { placeToReturn, safePath, signInPath } from "./safe-redirect.server.ts";

test("a path of the shop is kept with its query and hash", () => {
  expect(safePath("/p/mirror?colour=red#reviews")).toBe("/p/mirror?colour=red#reviews");
});

test.each([
  "https://elsewhere.example/",
  "//elsewhere.example",
  "/\\elsewhere.example",
  "\\\\elsewhere.example",
  "/.//elsewhere.example",
  "/\t/elsewhere.example",
  "javascript:alert(1)",
  "relative",
  "",
  null,
  undefined,
])("a target outside the shop leads home: %j", (target) => {
  expect(safePath(target)).toBe("/");
});

test("ACC-3: the place to return is read from an address and from a form", () => {
  const form = new FormData();
  form.set("redirectTo", "/cart");
  expect(placeToReturn(form)).toBe("/cart");
  expect(placeToReturn(new URLSearchParams({ redirectTo: "//elsewhere.example" }))).toBe("/");
});

test("ACC-3: the sign-in page leads back to the page that asked for it", () => {
  const request = new Request("http://shop.test/account/orders?page=2");
  expect(signInPath(request)).toBe("/sign-in?redirectTo=%2Faccount%2Forders%3Fpage%3D2");
});

test("a write is not repeated after signing in", () => {
  const request = new Request("http://shop.test/account/orders", { method: "POST" });
  expect(signInPath(request, "SESSION_ENDED")).toBe("/sign-in?reason=SESSION_ENDED");
});
