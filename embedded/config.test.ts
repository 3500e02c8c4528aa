import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { beforeEach, expect, test } from "vitest";

import { ConfigError, loadInstance, requireFolder } from "./config.ts";
import { temporaryFolder } from "./storage/test-folder.ts";

let folder: string;
beforeEach(() => void (folder = temporaryFolder()));

function load(cloudUrl: string, siteUrl: string | null = null, name: string | null = null) {
  const warnings: string[] = [];
  const warn = (message: string) => void warnings.push(message);
  return { ...loadInstance({ folder, cloudUrl, siteUrl, name, warn }), warnings };
}

test("the first start makes up a secret and puts the site below the address", () => {
  const instance = load("http://127.0.0.1:3000");
  expect(instance.siteUrl).toBe("http://127.0.0.1:3000/http");
  expect(instance.adminKey).toMatch(/^embedded\|[0-9a-f]{64}$/);
  expect(instance.secret).toMatch(/^[0-9a-f]{64}$/);
});

test("the name, the key and the issuer of tokens stay when the port changes", () => {
  const first = load("http://127.0.0.1:3000", null, "shop");
  const second = load("http://127.0.0.1:4000", null, "other");
  expect(second).toEqual(first);
  expect(second.warnings).toEqual([]);
  expect(second.adminKey).toMatch(/^shop\|/);
});

test("an explicit site address replaces the stored one, with a warning, for good", () => {
  load("http://127.0.0.1:3000");
  const moved = load("http://127.0.0.1:3000", "https://shop.test/http");
  expect(moved.siteUrl).toBe("https://shop.test/http");
  expect(moved.warnings).toEqual([expect.stringMatching(/no longer valid/)]);
  expect(load("http://127.0.0.1:3000")).toMatchObject({ siteUrl: moved.siteUrl, warnings: [] });
});

test.each(["", "{", "[]", '{"name":"a"}', "null"])("the damaged file %j is reported", (text) => {
  writeFileSync(join(folder, "instance.json"), text);
  expect(() => load("http://127.0.0.1:3000")).toThrow(ConfigError);
});

test("a folder that cannot be made is reported in one sentence", () => {
  writeFileSync(join(folder, "file"), "");
  expect(() => requireFolder(join(folder, "file", "data"))).toThrow(/^The data folder .*\.$/);
});
