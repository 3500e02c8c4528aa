import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { beforeEach, expect, test } from "vitest";

import { ConfigError, keepSiteUrl, loadInstance, requireFolder } from "./config.ts";
import { temporaryFolder } from "./storage/test-folder.ts";

let folder: string;
beforeEach(() => void (folder = temporaryFolder()));

function load(cloudUrl: string, siteUrl: string | null = null, name: string | null = null) {
  const warnings: string[] = [];
  const instance = loadInstance({ folder, cloudUrl, siteUrl, name, makesNew: false });
  keepSiteUrl(folder, instance, (message) => void warnings.push(message));
  return { ...instance, warnings };
}

test("the first start makes up a secret and puts the site below the address", () => {
  const instance = load("http://127.0.0.1:3000");
  expect(instance.siteUrl).toBe("http://127.0.0.1:3000/http");
  expect(instance.adminKey).toMatch(/^embedded\|[0-9a-f]{64}$/);
  expect(instance.secret).toMatch(/^[0-9a-f]{64}$/);
});

test("the name, the key and the issuer of tokens stay when the port changes", () => {
  const first = load("http://127.0.0.1:3000", null, "notes");
  const second = load("http://127.0.0.1:4000", null, "other");
  expect(second).toEqual(first);
  expect(second.warnings).toEqual([]);
  expect(second.adminKey).toMatch(/^notes\|/);
});

test("an explicit site address replaces the stored one, with a warning, for good", () => {
  load("http://127.0.0.1:3000");
  const moved = load("http://127.0.0.1:3000", "https://site.test/http");
  expect(moved.siteUrl).toBe("https://site.test/http");
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

test("an identity that is missing beside a store is not made up, unless that is asked for", () => {
  const first = load("http://127.0.0.1:3000");
  mkdirSync(join(folder, "database"));
  writeFileSync(join(folder, "database", "data.mdb"), "rows");
  expect(load("http://127.0.0.1:3000").secret).toBe(first.secret);
  rmSync(join(folder, "instance.json"));
  expect(() => load("http://127.0.0.1:3000")).toThrow(
    /^The file .*instance\.json is missing, .* backup, or start once with --new-identity\.$/,
  );
  expect(readdirSync(folder)).toEqual(["database"]);
  const asked = { folder, cloudUrl: "http://127.0.0.1:3000", siteUrl: null, name: null };
  const second = loadInstance({ ...asked, makesNew: true });
  expect(second.secret).not.toBe(first.secret);
  expect(loadInstance({ ...asked, makesNew: true })).toEqual(second);
});

test.runIf(process.platform === "linux")("a folder that takes no names is reported, too", () => {
  expect(() => requireFolder("/proc/deployment/data")).toThrow(
    /^The data folder .* cannot be created: ENOENT\.$/,
  );
});
