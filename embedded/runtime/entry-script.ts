import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

/**
 * Programs that run beside the engine's own modules: the realm's set-up, the actions' worker and the
 * watchdog's thread. They travel as text. From source they are bundled when first asked for; the built
 * engine reads `realm-entry.js` (format iife, global name `realmEntry`), `action-worker.js` and
 * `watchdog-thread.js` (format cjs, platform node) beside its main file.
 */
const ENTRIES = {
  "realm-entry": { source: "./realm/realm-entry.ts", format: "iife", platform: "browser" },
  "action-worker": { source: "./actions/action-worker.ts", format: "cjs", platform: "node" },
  "watchdog-thread": { source: "./watchdog-thread.ts", format: "cjs", platform: "node" },
} as const;

const REALM_GLOBAL_NAME = "realmEntry";

export type EntryName = keyof typeof ENTRIES;

const loaded = new Map<EntryName, string>();

/** Source text of an entry. The realm's evaluates to a global variable `realmEntry`. */
export function loadEntryScript(name: EntryName): string {
  const known = loaded.get(name);
  if (known !== undefined) return known;
  const text = import.meta.url.endsWith(".ts")
    ? bundle(name)
    : readFileSync(new URL(`./${name}.js`, import.meta.url), "utf8");
  loaded.set(name, text);
  return text;
}

function bundle(name: EntryName): string {
  const { source, format, platform } = ENTRIES[name];
  const { buildSync } = createRequire(import.meta.url)("esbuild") as typeof import("esbuild");
  const result = buildSync({
    entryPoints: [fileURLToPath(new URL(source, import.meta.url))],
    bundle: true,
    write: false,
    format,
    platform,
    target: "node20",
    ...(format === "iife" ? { globalName: REALM_GLOBAL_NAME } : {}),
  });
  const [file] = result.outputFiles;
  if (file === undefined) throw new Error(`Bundling ${name} gave no output.`);
  return file.text;
}
