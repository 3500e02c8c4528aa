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

/** `npm run docs` writes the document instead of comparing. */
async function expectDocument(path: string, content: string): Promise<void> {
  const formatted = await format(content, { ...(await resolveConfig(path)), filepath: path });
  await expect(formatted, "run `npm run docs`").toMatchFileSnapshot(`../../${path}`);
}
