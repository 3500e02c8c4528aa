import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { claimDataFolder, requireDataFolder } from "./data-folder.ts";
import { StartError } from "./settings.ts";

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "data-folder-"));
  writeFileSync(join(folder, "file"), "");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a missing data folder is made, with its parents, for this user alone", () => {
  const made = join(folder, "one", "two");
  requireDataFolder(made);
  requireDataFolder(made);
  expect(statSync(made).mode & 0o777).toBe(0o700);
});

test.each(["file", "file/below"])("a data folder that cannot be is named: %s", (name) => {
  const refused = join(folder, name);
  expect(() => requireDataFolder(refused)).toThrow(StartError);
  expect(() => requireDataFolder(refused)).toThrow(`The data folder ${refused} can't be written`);
});

test.runIf(process.platform === "linux")("a file system without folders is no hang", () => {
  expect(() => requireDataFolder("/proc/shop")).toThrow(StartError);
});

test("a data folder has one launcher at a time", async () => {
  const shop = join(folder, "shop");
  requireDataFolder(shop);
  const release = await claimDataFolder(shop);
  await expect(claimDataFolder(shop)).rejects.toThrow(
    `A shop is running with the data folder ${shop} already. Stop that one, or set DATA_DIR to another folder.`,
  );
  await release();
  const releaseAgain = await claimDataFolder(shop);
  await releaseAgain();
});
