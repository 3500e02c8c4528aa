import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

import { expect, test } from "vitest";

import schema from "#convex/schema.ts";
import { readShopFunctions } from "#tests/support/shop-functions.ts";

const FOLDER = "embedded";
const PREFIX = "embedded-ladder-";

/** Words that belong to every database or to the language as well. */
const GENERIC_WORDS = new Set(["addresses", "counters", "files", "holds", "settings", "users"]);

test("the ladder in the document, in the import rules and in the folders is the same", () => {
  const rungs = documentedRungs();
  expect(rungs).toEqual(enforcedRungs());
  const folders = readdirSync(FOLDER, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
  expect(folders.sort()).toEqual([...rungs].sort());
});

test("nothing in the embedded backend knows the shop", () => {
  const words = [...shopWords()].map((word) => word.replace(/[A-Z]/g, "[-_ ]?$&")).join("|");
  const pattern = new RegExp(`(?<![a-z])(${words})(?![a-z])`, "i");
  const findings = listSources(FOLDER).flatMap((path) => {
    const found = pattern.exec(readFileSync(path, "utf8"));
    return found === null ? [] : [`${path}: ${found[0]}`];
  });
  expect(findings).toEqual([]);
});

test("the user guide names every option of the program", () => {
  const program = readFileSync("embedded/main.ts", "utf8");
  const options = [...program.matchAll(/^ {8}"?([a-z-]+)"?: \{ type: "/gm)].map(([, name]) => name);
  const variables = [...program.matchAll(/process\.env\["([A-Z_]+)"\]/g)].map(([, name]) => name);
  expect(options.length).toBeGreaterThan(5);
  const guide = readFileSync("docs/embedded.md", "utf8");
  const named = [
    ...options.map((name) => `--${name ?? ""}`),
    ...variables.filter((name) => name !== "TZ").map((name) => name ?? ""),
  ];
  expect(named.filter((name) => !guide.includes(`\`${name}`))).toEqual([]);
});

/** First column of the ladder's table, without the two files at its end. */
function documentedRungs(): string[] {
  const document = readFileSync("embedded/ARCHITECTURE.md", "utf8");
  const [, section = ""] = document.split("## The ladder\n");
  const [table = ""] = section.split("\n## ");
  const names = [...table.matchAll(/^\| `([\w.]+)` +\|/gm)].map(([, name]) => name ?? "");
  return names.filter((name) => !name.endsWith(".ts"));
}

/** Rungs as dependency-cruiser knows them, lowest first. */
function enforcedRungs(): string[] {
  const load = createRequire(import.meta.url);
  const rules = load(join(process.cwd(), ".dependency-cruiser.cjs")) as {
    readonly forbidden: readonly { readonly name: string }[];
  };
  return rules.forbidden
    .filter(({ name }) => name.startsWith(PREFIX))
    .map(({ name }) => name.slice(PREFIX.length));
}

/** The shop's name, its providers, its tables and its functions' files. */
function shopWords(): Set<string> {
  const words = new Set([
    "vitrine",
    "shop",
    "standin",
    "paypal",
    "checkout",
    "cart",
    "shopper",
    "#convex/",
    "#app/",
  ]);
  const exported = Reflect.get(schema, "tables") as Readonly<Record<string, unknown>>;
  for (const table of Object.keys(exported)) words.add(table);
  for (const { path } of readShopFunctions()) {
    const [file = ""] = path.split(":");
    if (file.includes("/")) words.add(file);
  }
  for (const word of GENERIC_WORDS) words.delete(word);
  return words;
}

/** Product code: tests may use any project. */
function listSources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(ts|md)$/.test(name) && !/(\.test\.ts|(^|\/)test-[^/]*)$/.test(name))
    .map((name) => join(folder, name));
}
