import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { PAGE_PACKAGES } from "./page-packages.ts";

const IMPORT = /^(?:import|export)\s(?!type\s)[^;]*?from "(?<name>[^"]+)"/gm;
const OWN = /^[.#]|^node:|\?url$/;

test("Vite prepares every package that pages import before the first page", () => {
  const files = readdirSync("app", { recursive: true, encoding: "utf8" }).filter(
    (file) => /\.tsx?$/.test(file) && !/\.(server|test)\./.test(file),
  );
  const imported = files.flatMap((file) =>
    [...readFileSync(join("app", file), "utf8").matchAll(IMPORT)].map(
      ({ groups }) => groups?.["name"] ?? "",
    ),
  );
  const packages = [...new Set(imported)].filter((name) => !OWN.test(name));
  expect(packages.length).toBeGreaterThan(5);
  expect(packages.filter((name) => !PAGE_PACKAGES.includes(name))).toEqual([]);
});
