import type { SystemTableDefinition } from "../database/types.ts";

/** One row: `{ version, importSeed: base64, importTimeMs, handleKey }`. Every function run depends on it. */
export const DEPLOYED_CODE = "_deployed_code";

/** `{ componentPath, mountJson, state }` for the app and each component that is or was mounted. */
export const COMPONENTS = "_components";

/** `{ componentPath, path, environment, sha256, analysisJson }` for each pushed module. */
export const MODULES = "_modules";

/** `{ sha256, part, data }`: source and source map, deflated, in base64, cut into parts. */
export const MODULE_TEXTS = "_module_texts";

/** One row: `{ functions, node }`, what the last push was made with; without `node` where it named none. */
export const PUSH_VERSIONS = "_push_versions";

/** `{ name, value }`: the deployment's environment variables. */
export const ENVIRONMENT_VARIABLES = "_environment_variables";

export const MODULE_SYSTEM_TABLES: readonly SystemTableDefinition[] = [
  { name: DEPLOYED_CODE, indexes: [] },
  { name: COMPONENTS, indexes: [{ name: "by_componentPath", fields: ["componentPath"] }] },
  {
    name: MODULES,
    indexes: [{ name: "by_componentPath_and_path", fields: ["componentPath", "path"] }],
  },
  { name: MODULE_TEXTS, indexes: [{ name: "by_sha256_and_part", fields: ["sha256", "part"] }] },
  { name: PUSH_VERSIONS, indexes: [] },
  { name: ENVIRONMENT_VARIABLES, indexes: [{ name: "by_name", fields: ["name"] }] },
];
