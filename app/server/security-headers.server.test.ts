import { expect, test } from "vitest";

import { contentSecurityPolicy, pageHeaders } from "./security-headers.server.ts";

const settings = { mode: "production", publicUrl: "https://shop.test", paypal: null } as const;

test("scripts run by nonce and never inline or by eval", () => {
  const policy = contentSecurityPolicy(settings, "abc");
  expect(policy["script-src"]).toEqual(["'nonce-abc'", "'strict-dynamic'", "'self'"]);
  expect(policy["object-src"]).toEqual(["'none'"]);
  expect(policy["base-uri"]).toEqual(["'none'"]);
  expect(policy["frame-ancestors"]).toEqual(["'none'"]);
});

test("the socket of the shop's own address may be opened, and no other", () => {
  expect(contentSecurityPolicy(settings, "abc")["connect-src"]).toEqual([
    "'self'",
    "wss://shop.test",
  ]);
});

test("without PayPal nothing of PayPal is allowed", () => {
  expect(JSON.stringify(contentSecurityPolicy(settings, "abc"))).not.toContain("paypal");
});

test("PayPal's hosts are allowed, or the stand-in's in their place", () => {
  const paypal = { clientId: "c", environment: "sandbox", sdkUrl: null } as const;
  const real = contentSecurityPolicy({ ...settings, paypal }, "abc");
  expect(real["frame-src"]).toContain("https://*.paypal.com");
  const sdkUrl = "http://127.0.0.1:4001/web-sdk/v6/core";
  const local = contentSecurityPolicy({ ...settings, paypal: { ...paypal, sdkUrl } }, "abc");
  expect(local["connect-src"]).toContain("http://127.0.0.1:4001");
  expect(JSON.stringify(local)).not.toContain("paypal.com");
});

test("only an https shop insists on https", () => {
  expect(pageHeaders(settings)["strict-transport-security"]).toBeDefined();
  const plain = { ...settings, publicUrl: "http://127.0.0.1:3000" };
  expect(pageHeaders(plain)["strict-transport-security"]).toBeUndefined();
  expect(contentSecurityPolicy(plain, "abc")["upgrade-insecure-requests"]).toBeUndefined();
});
