import { expect, test } from "vitest";

import { readSettings, StartError } from "./settings.ts";

test("SYS-1 a: without settings the shop is a demo on 127.0.0.1:3000 with its data in .data", () => {
  const settings = readSettings({});
  expect(settings).toMatchObject({ host: "127.0.0.1", port: 3000, isDemo: true, providers: null });
  expect(settings.dataFolder).toMatch(/\.data$/);
});

test("SYS-1 b: a host that others can reach is no demo and names every provider setting it lacks", () => {
  expect(() => readSettings({ HOST: "0.0.0.0" })).toThrow(
    /PAYPAL_CLIENT_ID is missing.*PAYPAL_CLIENT_SECRET is missing.*RESEND_API_KEY is missing/,
  );
});

test("SYS-1 c: a demo on a host that others can reach is refused", () => {
  expect(() => readSettings({ HOST: "0.0.0.0", DEMO: "1" })).toThrow(StartError);
});

test("SYS-1 d: a port that is no port is named", () => {
  expect(() => readSettings({ PORT: "http" })).toThrow(/PORT must be a port number/);
  expect(() => readSettings({ PORT: "70000" })).toThrow(/PORT must be a port number/);
});

test("SYS-2 a: a deployment's address without its key is refused", () => {
  expect(() => readSettings({ CONVEX_SELF_HOSTED_URL: "http://127.0.0.1:3210" })).toThrow(
    /belong together/,
  );
});

test("SYS-2 b: a deployment's address with its key replaces the embedded backend", () => {
  const settings = readSettings({
    CONVEX_SELF_HOSTED_URL: "http://127.0.0.1:3210",
    CONVEX_SELF_HOSTED_ADMIN_KEY: "shop|00",
  });
  expect(settings.deployment).toEqual({ url: "http://127.0.0.1:3210", adminKey: "shop|00" });
});

test("real providers come from the settings, with the vendors' addresses as defaults", () => {
  const settings = readSettings({
    DEMO: "0",
    PUBLIC_URL: "https://shop.example/",
    PAYPAL_CLIENT_ID: "id",
    PAYPAL_CLIENT_SECRET: "secret",
    PAYPAL_WEBHOOK_ID: "WH-1",
    PAYPAL_MERCHANT_ID: "M1",
    RESEND_API_KEY: "re_1",
    EMAIL_FROM: "Shop <orders@shop.example>",
  });
  expect(settings.publicUrl).toBe("https://shop.example");
  expect(settings.providers).toMatchObject({
    payPalApiBase: "https://api-m.sandbox.paypal.com",
    resendBaseUrl: "https://api.resend.com",
  });
});
