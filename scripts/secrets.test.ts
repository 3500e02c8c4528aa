import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { loadSecrets } from "./secrets.ts";

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "secrets-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("secrets are made once and for this user alone, and a damaged file is never replaced", async () => {
  const made = await loadSecrets(folder);
  expect(await loadSecrets(folder)).toEqual(made);
  const file = join(folder, "secrets.json");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  for (const text of ["", "{", "{}"]) {
    writeFileSync(file, text);
    await expect(loadSecrets(folder)).rejects.toThrow(`${file} is damaged`);
  }
});
