import { expect } from "vitest";

import type { SCHEMA_LIMITS } from "#embedded/lib/limits.ts";
import { pushRequest } from "#embedded/test-project.ts";
import { startPush, upTo, type CasesOf, type LimitCase, type Scene } from "./limit-case.ts";

/** Stands for the extents until the bundled push is sent. */
const PLACE = "EXTENTS";

const SCHEMA = `
  import { defineSchema, defineTable } from "convex/server";
  import { v } from "convex/values";
  const extents = new Map(Object.entries(JSON.parse("${PLACE}")));
  const list = (name, make) => Array.from({ length: extents.get(name) ?? 0 }, (_, n) => make(n));
  const items = defineTable(v.any());
  const name = list("identifierLength", () => "x").join("") || "x";
  const named = defineTable({ [name]: v.any() });
  const fields = list("fieldsPerIndex", (n) => "f" + n);
  if (fields.length > 0) items.index("by_all", fields);
  const filterFields = list("filterFieldsPerIndex", (n) => "f" + n);
  if (filterFields.length > 0) items.searchIndex("by_text", { searchField: "text", filterFields });
  const dimensions = extents.get("vectorDimensions");
  if (dimensions !== undefined) items.vectorIndex("by_at", { vectorField: "at", dimensions });
  list("indexesPerTable", (n) => items.index("by_" + n, ["f" + n]));
  list("searchIndexesPerTable", (n) => items.searchIndex("by_" + n, { searchField: "f" + n }));
  list("vectorIndexesPerTable", (n) => items.vectorIndex("by_" + n, { vectorField: "f" + n, dimensions: 2 }));
  const others = list("tables", (n) => ["t" + n, defineTable(v.any())]).slice(2);
  export default defineSchema({ items, named, ...Object.fromEntries(others) });
`;

export const schemaCases: CasesOf<typeof SCHEMA_LIMITS> = {
  // That as many are let in takes too long to be shown here: embedded/functions/limits.test.ts.
  tables: (scene, max) =>
    expect(push(scene, "tables", max + 1)).rejects.toThrow("Number of tables cannot exceed 10000."),
  indexesPerTable: declaring("indexesPerTable", 'Table "items" cannot have more than 32 indexes.'),
  fieldsPerIndex: declaring("fieldsPerIndex", "Indexes may have up to 16 fields."),
  searchIndexesPerTable: declaring(
    "searchIndexesPerTable",
    'Table "items" cannot have more than 4 search indexes.',
  ),
  vectorIndexesPerTable: declaring(
    "vectorIndexesPerTable",
    'Table "items" cannot have more than 4 vector indexes.',
  ),
  filterFieldsPerIndex: declaring(
    "filterFieldsPerIndex",
    "Search indexes may have up to 16 filter fields.",
  ),
  vectorDimensions: declaring("vectorDimensions", "Dimensions 4097 must be between 2 and 4096."),
};

/** A push with a schema that has so much of something. */
export function declaring(what: string, message: string): LimitCase {
  return upTo((scene, extent) => push(scene, what, extent), message);
}

async function push({ empty }: Scene, what: string, extent: number): Promise<unknown> {
  const request = JSON.stringify(await pushRequest({ schema: SCHEMA }));
  // A text in a text in a text.
  const extents = JSON.stringify(JSON.stringify(JSON.stringify({ [what]: extent })).slice(1, -1));
  return startPush(empty, request.replace(PLACE, extents.slice(1, -1)));
}
