import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { format, resolveConfig } from "prettier";
import { expect, test } from "vitest";

import { PERMISSIONS, ROLE_PERMISSIONS } from "#convex/domain/permissions.ts";
import schema from "#convex/schema.ts";
import { describeEntityRelationships } from "#scripts/entity-relationships.ts";
import { describePermissions } from "#scripts/permissions.ts";
import { readShopFunctions } from "#tests/support/shop-functions.ts";

test("SYS-7: docs/permissions.md says what the code says", async () => {
  const functions = readShopFunctions().filter(({ isPublic }) => isPublic);
  await expectDocument(
    "docs/permissions.md",
    describePermissions(PERMISSIONS, ROLE_PERMISSIONS, functions),
  );
});

test("SYS-7: docs/er.md shows the tables of the schema", async () => {
  // `export` is marked as internal to the package, and is what the CLI deploys.
  const exportSchema: unknown = Reflect.get(schema, "export");
  if (typeof exportSchema !== "function") throw new Error("the schema cannot be exported");
  const exported = String(Reflect.apply(exportSchema, schema, []));
  await expectDocument("docs/er.md", describeEntityRelationships(exported));
});

test("SYS-7: use cases are drawn for guest, client, agent and manager", () => {
  const diagrams = readFileSync("docs/use-cases.md", "utf8").match(/```mermaid\nflowchart/g);
  expect(diagrams).toHaveLength(2);
});

test("SYS-7: what the documents refer to exists", () => {
  const missing = ["README.md", ...listDocuments("docs")].flatMap((document) =>
    referencesOf(document)
      .filter((path) => !existsSync(path))
      .map((path) => `${document}: ${path}`),
  );
  expect(missing).toEqual([]);
});

test("SYS-7: architecture, operations and decisions are written down", () => {
  expect(listDocuments("docs")).toEqual(
    expect.arrayContaining(["docs/architecture.md", "docs/operations.md"]),
  );
  expect(listDocuments("docs/decisions").length).toBeGreaterThan(0);
});

function listDocuments(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => join(folder, name));
}

/** Relative links, without their anchors. */
function referencesOf(document: string): string[] {
  const links = readFileSync(document, "utf8").matchAll(/\]\((?![a-z]+:|#)([^)#]+)/g);
  return [...links].map(([, target]) => join(dirname(document), target ?? ""));
}

/** `npm run docs` writes the document instead of comparing. */
async function expectDocument(path: string, content: string): Promise<void> {
  const formatted = await format(content, { ...(await resolveConfig(path)), filepath: path });
  await expect(formatted, "run `npm run docs`").toMatchFileSnapshot(`../../${path}`);
}
