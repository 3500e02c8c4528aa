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

test("a demo is off for a public address, and refused when it is asked for there", () => {
  const environment = { PUBLIC_URL: "https://shop.example" };
  expect(() => readSettings(environment)).toThrow(/PAYPAL_CLIENT_ID is missing/);
  expect(() => readSettings({ ...environment, DEMO: "1" })).toThrow(
    /this machine only, but PUBLIC_URL is https:\/\/shop\.example/,
  );
  expect(readSettings({ PUBLIC_URL: "http://localhost:3000" }).isDemo).toBe(true);
});

test("a host that is every address needs the address that people use", () => {
  const providers = Object.fromEntries(
    [
      "PAYPAL_CLIENT_ID",
      "PAYPAL_CLIENT_SECRET",
      "PAYPAL_WEBHOOK_ID",
      "PAYPAL_MERCHANT_ID",
      "RESEND_API_KEY",
      "EMAIL_FROM",
    ].map((name) => [name, "set"]),
  );
  expect(() => readSettings({ ...providers, HOST: "0.0.0.0" })).toThrow(/Set PUBLIC_URL/);
  expect(
    readSettings({ ...providers, HOST: "0.0.0.0", PUBLIC_URL: "https://shop.example" }).isDemo,
  ).toBe(false);
});

test("a public address with a path is refused, an empty setting counts as none", () => {
  expect(() => readSettings({ PUBLIC_URL: "http://localhost:3000/shop" })).toThrow(
    /PUBLIC_URL must be an address without a path/,
  );
  expect(readSettings({ PORT: "", HOST: "", PUBLIC_URL: "" })).toMatchObject({
    port: 3000,
    host: "127.0.0.1",
    publicUrl: null,
  });
});
