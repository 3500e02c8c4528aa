import { createHash, randomBytes } from "node:crypto";
import { deflateRawSync, inflateRawSync } from "node:zlib";

import type { ComponentPath, Transaction } from "../database/types.ts";
import { mountJson } from "./component-store.ts";
import type { ComponentMount } from "./component-tree.ts";
import { DEPLOYED_CODE, MODULE_TEXTS, MODULES } from "./module-tables.ts";
import {
  findRow,
  insertRow,
  listRows,
  numberField,
  replaceRow,
  textField,
  type RowFields,
  type SystemRow,
} from "./system-documents.ts";

/** Where a module runs: everything, or actions on Node only (`"use node"`). */
type ModuleEnvironment = "isolate" | "node";

/** A bundled module as the official CLI pushes it: ESM text, chunks under `_deps/`. */
export interface PushedModule {
  /** Relative to the functions folder, `.js` at the end. */
  readonly path: string;
  readonly source: string;
  readonly sourceMap?: string | undefined;
  readonly environment: ModuleEnvironment;
}

/** Module metadata without its text. */
export interface ModuleRecord {
  readonly componentPath: ComponentPath;
  readonly path: string;
  readonly environment: ModuleEnvironment;
  /** Of source and source map; see `moduleHash`. */
  readonly sha256: string;
  /** JSON text of an `AnalyzedModule` (analyze.ts). */
  readonly analysisJson: string;
}

/** The deployed code as a whole. */
export interface DeployedCode {
  /** Changes with every push that changes code. */
  readonly version: string;
  /** Seed and clock of module evaluation, fixed per push. */
  readonly importSeed: Buffer;
  readonly importTimeMs: number;
  /** Makes function handles that nobody can guess; chosen once for a deployment. */
  readonly handleKey: string;
}

/** The code with where it was read, and the row's text: a push changes the one row that there is. */
export interface StoredCode extends DeployedCode {
  readonly rowId: string;
  readonly rowJson: string;
}

/** What is deployed at one mount. */
export interface DeployedComponent {
  readonly mount: ComponentMount;
  readonly modules: readonly AnalyzedPush[];
}

/** A pushed module with what the analysis found in it. */
export interface AnalyzedPush {
  readonly module: PushedModule;
  readonly analysisJson: string;
}

/** Rows stay well below the limit of 1 MiB a document. */
const PART_LENGTH = 700_000;

/** Identifies a module's text (hex). The CLI's own hash is of the source alone, hence another. */
export function moduleHash({ source, sourceMap, environment }: PushedModule): string {
  return createHash("sha256")
    .update(`${environment}\n${source.length}\n`)
    .update(source)
    .update(sourceMap ?? "")
    .digest("hex");
}

/**
 * The code in force, `null` before the first push. Every run that reads it is re-run by a push.
 * @param known what was read before: the same again while its row has not changed.
 */
export function readDeployedCode(
  transaction: Transaction,
  known: StoredCode | null = null,
): StoredCode | null {
  if (known !== null && transaction.get("", known.rowId)?.json === known.rowJson) return known;
  const row = findRow(transaction, DEPLOYED_CODE, "by_creation_time");
  if (row === null) return null;
  return {
    rowId: row.id,
    rowJson: transaction.get("", row.id)?.json ?? "",
    version: textField(row, "version"),
    importSeed: Buffer.from(textField(row, "importSeed"), "base64"),
    importTimeMs: numberField(row, "importTimeMs"),
    handleKey: handleKeyOf(row) ?? "",
  };
}

/**
 * Replaces all deployed modules by these components'. The code version changes only when some module,
 * its analysis or a mount did.
 */
export function replaceModules(
  transaction: Transaction,
  components: readonly DeployedComponent[],
  nowMs: number,
): void {
  const wanted = new Map<string, AnalyzedPush & { componentPath: ComponentPath; sha256: string }>();
  for (const { mount, modules } of components) {
    const { componentPath } = mount;
    for (const push of modules) {
      const sha256 = moduleHash(push.module);
      wanted.set(moduleKey(componentPath, push.module.path), { ...push, componentPath, sha256 });
    }
  }
  removeStale(transaction, wanted);
  for (const { componentPath, module, analysisJson, sha256 } of wanted.values()) {
    const fields = {
      componentPath,
      path: module.path,
      environment: module.environment,
      sha256,
      analysisJson,
    };
    writeText(transaction, sha256, module);
    upsertModule(transaction, fields);
  }
  const entries = [...wanted].map(([key, push]) => `${key} ${push.sha256} ${push.analysisJson}`);
  const mounts = components.map(({ mount }) => mountJson(mount));
  setVersion(transaction, [...entries, ...mounts], nowMs);
}

/** Modules of a component, by path. */
export function listModules(
  transaction: Transaction,
  componentPath: ComponentPath,
): ModuleRecord[] {
  const rows = listRows(transaction, MODULES, "by_componentPath_and_path", [componentPath]);
  return [...rows].map(moduleRecord);
}

/** All modules of all components. */
export function listAllModules(transaction: Transaction): ModuleRecord[] {
  return [...listRows(transaction, MODULES, "by_componentPath_and_path")].map(moduleRecord);
}

/** Source and source map of a stored module. */
export function readModuleText(
  transaction: Transaction,
  { sha256 }: Pick<ModuleRecord, "sha256">,
): { readonly source: string; readonly sourceMap: string | null } {
  let data = "";
  for (const row of listRows(transaction, MODULE_TEXTS, "by_sha256_and_part", [sha256])) {
    data += textField(row, "data");
  }
  const text = inflateRawSync(Buffer.from(data, "base64")).toString("utf8");
  const [source, sourceMap] = JSON.parse(text) as [string, string | null];
  return { source, sourceMap };
}

function moduleRecord(row: SystemRow): ModuleRecord {
  return {
    componentPath: textField(row, "componentPath"),
    path: textField(row, "path"),
    environment: textField(row, "environment") === "node" ? "node" : "isolate",
    sha256: textField(row, "sha256"),
    analysisJson: textField(row, "analysisJson"),
  };
}

function moduleKey(componentPath: ComponentPath, path: string): string {
  return `${componentPath}\n${path}`;
}

/** Removes rows of modules that are gone and texts that nobody refers to any more. */
function removeStale(
  transaction: Transaction,
  wanted: ReadonlyMap<string, { readonly sha256: string }>,
): void {
  const hashes = new Set([...wanted.values()].map(({ sha256 }) => sha256));
  for (const row of listRows(transaction, MODULES, "by_componentPath_and_path")) {
    const key = moduleKey(textField(row, "componentPath"), textField(row, "path"));
    if (!wanted.has(key)) transaction.remove("", row.id);
  }
  for (const row of [...listRows(transaction, MODULE_TEXTS, "by_sha256_and_part")]) {
    if (!hashes.has(textField(row, "sha256"))) transaction.remove("", row.id);
  }
}

function upsertModule(
  transaction: Transaction,
  fields: Omit<ModuleRecord, never> & RowFields,
): void {
  const key = [fields.componentPath, fields.path];
  const row = findRow(transaction, MODULES, "by_componentPath_and_path", key);
  if (row === null) {
    insertRow(transaction, MODULES, fields);
  } else if (
    textField(row, "sha256") !== fields.sha256 ||
    textField(row, "analysisJson") !== fields.analysisJson
  ) {
    replaceRow(transaction, row.id, fields);
  }
}

function writeText(transaction: Transaction, sha256: string, module: PushedModule): void {
  const key = "by_sha256_and_part";
  if (findRow(transaction, MODULE_TEXTS, key, [sha256]) !== null) return;
  const text = JSON.stringify([module.source, module.sourceMap ?? null]);
  const data = deflateRawSync(text).toString("base64");
  for (let part = 0; part * PART_LENGTH < data.length; part += 1) {
    const slice = data.slice(part * PART_LENGTH, (part + 1) * PART_LENGTH);
    insertRow(transaction, MODULE_TEXTS, { sha256, part, data: slice });
  }
}

/** `null` in rows that were written before there were handles. */
function handleKeyOf({ fields }: SystemRow): string | null {
  const handleKey = fields["handleKey"];
  return typeof handleKey === "string" ? handleKey : null;
}

function setVersion(transaction: Transaction, entries: readonly string[], nowMs: number): void {
  const version = createHash("sha256").update(entries.toSorted().join("\n")).digest("hex");
  const row = findRow(transaction, DEPLOYED_CODE, "by_creation_time");
  if (row !== null && textField(row, "version") === version) return;
  const fields = {
    version,
    importSeed: randomBytes(32).toString("base64"),
    importTimeMs: nowMs,
    handleKey: (row === null ? null : handleKeyOf(row)) ?? randomBytes(16).toString("hex"),
  };
  if (row === null) insertRow(transaction, DEPLOYED_CODE, fields);
  else replaceRow(transaction, row.id, fields);
}
