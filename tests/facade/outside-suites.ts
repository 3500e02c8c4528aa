/** Suites of other projects that were written for `convex-test`, and which of their tests fail. */

export interface OutsideSuite {
  readonly repository: string;
  /** Folder of the checkout that holds the suite's `convex` folder. */
  readonly folder: string;
  readonly include: readonly string[];
  /** The file that the suite imports its `convexTest` from, when that is not the package. */
  readonly replaces?: string;
  /** Reasons by `file > test`. */
  readonly gaps: Readonly<Record<string, string>>;
}

const VALIDATION_TEXT =
  "Expects convex-test's own words for values that do not fit; a deployment says " +
  "`ArgumentValidationError`, `ReturnsValidationError` or what row does not match the schema.";
const LIMIT_TEXT =
  "Expects convex-test's own words for a limit; a deployment says `Too many documents read …`.";
const RANGES =
  "Reads a document twice and counts it twice; a deployment counts the ranges of the read set, where " +
  "it is one.";
const ID_TEXT =
  "Expects convex-test's own words for an id of another table; a deployment names the call and both " +
  "tables.";
const ID_FIELD_TEXT =
  "Expects convex-test's own words for another `_id`; a deployment says `Provided document ID … " +
  "doesn't match '_id' field …`.";
const BOUNDS_TEXT =
  "Expects convex-test's own words for a second bound; a deployment says `Already defined … bound`.";
const IS_DONE =
  "Takes a page that ends on the last row for the last; in a deployment the empty one after it is.";
const INLINE = "A function that is no module's is called `inline`; a deployment has none.";
const UNDERSCORE =
  "A field `_a` in a validator; a deployment refuses it in documents, not in validators.";
const RANKED = "Expects results in the order of insertion; a deployment ranks them.";
const VECTOR =
  "Has vectors of 3 numbers in an index of 1536 dimensions; a deployment refuses the search.";
const IDENTITY = "A component sees the caller's identity; in a deployment it sees none.";
const SYSTEM =
  "Asks `db.system.get` for a user's document and expects `null`; a deployment refuses the call.";
const UNION_ARGS = "A function's arguments are a union; a deployment refuses it when it is pushed.";

export const OUTSIDE_SUITES: Readonly<Record<string, OutsideSuite>> = {
  "convex-test-demo": {
    repository: "https://github.com/get-convex/convex-backend",
    folder: ".",
    include: ["convex/**/*.test.ts"],
    gaps: {},
  },
  "@convex-dev/auth": {
    repository: "https://github.com/get-convex/convex-auth",
    folder: "test",
    include: ["convex/**/*.test.ts"],
    gaps: {},
  },
  "convex-helpers-base": {
    repository: "https://github.com/get-convex/convex-helpers",
    folder: "packages/convex-helpers",
    include: ["server/**/*.test.ts"],
    gaps: {
      "packages/convex-helpers/server/crud.test.ts > union table - admin type": UNION_ARGS,
      "packages/convex-helpers/server/crud.test.ts > union table - guest type": UNION_ARGS,
      "packages/convex-helpers/server/crud.test.ts > union table - user type": UNION_ARGS,
      "packages/convex-helpers/server/customFunctions.test.ts > custom functions > refined arg":
        VALIDATION_TEXT,
      "packages/convex-helpers/server/customFunctions.test.ts > custom functions > still validates args":
        VALIDATION_TEXT,
      "packages/convex-helpers/server/customFunctions.test.ts > nested custom functions > still validates args":
        VALIDATION_TEXT,
      "packages/convex-helpers/server/relationships.test.ts > getAll > explicit table name > throws when fetching documents from wrong table":
        ID_TEXT,
      "packages/convex-helpers/server/relationships.test.ts > getAllOrThrow > explicit table name > throws when a document is not in the right table":
        ID_TEXT,
      "packages/convex-helpers/server/relationships.test.ts > getManyViaOrThrow > throws when target document missing":
        SYSTEM,
      "packages/convex-helpers/server/relationships.test.ts > getOrThrow > explicit table name > throws when fetching document from wrong table":
        ID_TEXT,
      "packages/convex-helpers/server/triggers.test.ts > trigger with wrong usage of explicit IDs fails":
        ID_TEXT,
      "packages/convex-helpers/server/validators.test.ts > validators disallow things when they're wrong":
        VALIDATION_TEXT,
      "packages/convex-helpers/server/zod3.test.ts > zod functions > refined arg": VALIDATION_TEXT,
      "packages/convex-helpers/server/zod4.zod3.test.ts > zod functions > refined arg":
        VALIDATION_TEXT,
    },
  },
  "convex-test": {
    repository: "https://github.com/get-convex/convex-test",
    folder: "",
    include: ["convex/**/*.test.ts"],
    replaces: "index.ts",
    gaps: {
      "convex/argumentsValidation.test.ts > action arguments validation": VALIDATION_TEXT,
      "convex/argumentsValidation.test.ts > component mutation arguments validation":
        VALIDATION_TEXT,
      "convex/argumentsValidation.test.ts > mutation arguments validation": VALIDATION_TEXT,
      "convex/argumentsValidation.test.ts > query arguments validation": VALIDATION_TEXT,
      "convex/argumentsValidation.test.ts > query with union arg": VALIDATION_TEXT,
      "convex/bandwidth.test.ts > index range limit exceeded throws": RANGES,
      "convex/bandwidth.test.ts > limits accumulate within a transaction": LIMIT_TEXT,
      "convex/bandwidth.test.ts > read byte limit exceeded throws": LIMIT_TEXT,
      "convex/bandwidth.test.ts > read document limit exceeded throws": LIMIT_TEXT,
      "convex/bandwidth.test.ts > write byte limit exceeded throws": LIMIT_TEXT,
      "convex/bandwidth.test.ts > write document limit exceeded throws": LIMIT_TEXT,
      "convex/components.test.ts > auth applies to directly called component function": IDENTITY,
      "convex/explicitTableNames.test.ts > called with wrong table name > delete": ID_TEXT,
      "convex/explicitTableNames.test.ts > called with wrong table name > get": ID_TEXT,
      "convex/explicitTableNames.test.ts > called with wrong table name > patch": ID_TEXT,
      "convex/explicitTableNames.test.ts > called with wrong table name > replace": ID_TEXT,
      "convex/getFunctionMetadata.test.ts > inline action": INLINE,
      "convex/getFunctionMetadata.test.ts > inline mutation": INLINE,
      "convex/getFunctionMetadata.test.ts > inline query": INLINE,
      "convex/indexes.test.ts > gt,lt,lt in range of indexed field": BOUNDS_TEXT,
      "convex/mutations.test.ts > patch with _id": ID_FIELD_TEXT,
      "convex/nestedLimits.test.ts > global limit still applies when the nested limit is looser":
        LIMIT_TEXT,
      "convex/nestedLimits.test.ts > nested limits cannot raise above the global limit": LIMIT_TEXT,
      "convex/nestedLimits.test.ts > nested runMutation enforces its own documentsWritten limit":
        LIMIT_TEXT,
      "convex/nestedLimits.test.ts > nested runQuery enforces its own documentsRead limit":
        LIMIT_TEXT,
      "convex/pagination.test.ts > paginate with deletes and composite index": IS_DONE,
      "convex/pagination.test.ts > paginate with deletes and indexes": IS_DONE,
      "convex/returnsValidation.test.ts > action with incomplete return validator should fail":
        VALIDATION_TEXT,
      "convex/returnsValidation.test.ts > mutation with incomplete return validator should fail":
        VALIDATION_TEXT,
      "convex/returnsValidation.test.ts > query returning array with incomplete item validator should fail":
        VALIDATION_TEXT,
      "convex/returnsValidation.test.ts > query returning wrong primitive type should fail":
        VALIDATION_TEXT,
      "convex/returnsValidation.test.ts > query with incomplete return validator should fail":
        VALIDATION_TEXT,
      "convex/schema.test.ts > field names must be identifiers": UNDERSCORE,
      "convex/schemaValidation.test.ts > arrays": VALIDATION_TEXT,
      "convex/schemaValidation.test.ts > extra fields": VALIDATION_TEXT,
      "convex/schemaValidation.test.ts > ids": VALIDATION_TEXT,
      "convex/schemaValidation.test.ts > patch": VALIDATION_TEXT,
      "convex/schemaValidation.test.ts > replace": VALIDATION_TEXT,
      "convex/textSearch.test.ts > case insensitive text search": RANKED,
      "convex/textSearch.test.ts > multi-word query matching": RANKED,
      "convex/textSearch.test.ts > text search": RANKED,
      "convex/vectorSearch.test.ts > vector search": VECTOR,
    },
  },
};
