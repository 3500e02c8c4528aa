import { expect, test } from "vitest";

import { readSettings } from "./settings.server.ts";

const secret = "0123456789abcdef0123456789abcdef";
const minimal = { CONVEX_URL: "http://127.0.0.1:3210", REQUEST_CONTEXT_SECRET: secret };

function settingsOf(env: Record<string, string>) {
  const result = readSettings({ ...minimal, ...env });
  if (!result.ok) throw new Error(result.problems.join(" "));
  return result.settings;
}

test("what is not set has a value that works on one machine", () => {
  const settings = settingsOf({ PORT: "", HOST: "" });
  expect(settings).toMatchObject({
    mode: "production",
    host: "127.0.0.1",
    port: 3000,
    publicUrl: "http://127.0.0.1:3000",
    paypal: null,
    backend: null,
  });
});

test("addresses are kept as origins", () => {
  const settings = settingsOf({
    PUBLIC_URL: "https://shop.example/",
    CONVEX_URL: "https://b.example/",
  });
  expect(settings.publicUrl).toBe("https://shop.example");
  expect(settings.convexUrl).toBe("https://b.example");
});

test("the backend's arguments are a JSON array, so that a folder may hold a space", () => {
  const env = { BACKEND_ENTRY: "main.js", BACKEND_ARGS: '["--data","/my shop"]' };
  expect(settingsOf(env).backend).toEqual({ entry: "main.js", args: ["--data", "/my shop"] });
});

test("each missing or unusable setting is named in a sentence of its own", () => {
  const result = readSettings({ PORT: "web", PUBLIC_URL: "shop", BACKEND_ARGS: "--port 1" });
  expect(result.ok).toBe(false);
  const problems = result.ok ? [] : result.problems;
  expect(problems).toHaveLength(5);
  expect(problems).toContain("CONVEX_URL is missing.");
  expect(problems).toContain("REQUEST_CONTEXT_SECRET is missing.");
  expect(problems.join(" ")).toMatch(
    /PORT is not usable.*PUBLIC_URL is not usable.*BACKEND_ARGS is/,
  );
});
