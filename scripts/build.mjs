import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

import { hashSourcesOnce } from "./source-hash.mjs";

const STAMP = "build/source-hash";
const MEMO = "build/source-memo.json";

const SOURCES = [
  "app",
  "convex",
  "embedded",
  "public",
  "scripts",
  "server",
  "standins",
  "package-lock.json",
  "tailwind.config.ts",
  "vite.config.ts",
];

/** Programs; the path below build/ is the path in the source tree. */
const ENTRIES = [
  "embedded/main.ts",
  "scripts/launch.ts",
  "scripts/load-demo.ts",
  "scripts/standins.ts",
];

/** What Vite makes of app/ for the server; it imports its packages one by one. */
const VITE_PAGES = "build/server/index.js";

/**
 * Everything else is bundled: a program is one file, or finding and opening a thousand small ones
 * would be most of its start. These have native parts, belong to the build, or (undici) are asked for
 * by code that never runs on today's Node.
 */
const UNBUNDLED = ["esbuild", "lmdb", "sharp", "vite", "bufferutil", "utf-8-validate", "undici"];

/** CommonJS packages ask for Node's own modules in their way. */
const REQUIRE = `import { createRequire as createRequireOfBundle } from "node:module";
const require = createRequireOfBundle(import.meta.url);`;

const PROGRAM = {
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  external: UNBUNDLED,
  banner: { js: REQUIRE },
  sourcemap: true,
  logLevel: "warning",
};

/** Programs that the engine reads as text, beside its main file: see embedded/runtime/entry-script.ts. */
const ENGINE_ENTRIES = [
  {
    entryPoints: ["embedded/runtime/realm/realm-entry.ts"],
    outfile: "realm-entry.js",
    format: "iife",
    globalName: "realmEntry",
    platform: "browser",
  },
  {
    entryPoints: ["embedded/runtime/actions/action-worker.ts"],
    outfile: "action-worker.js",
    format: "cjs",
    platform: "node",
  },
  {
    entryPoints: ["embedded/runtime/watchdog-thread.ts"],
    outfile: "watchdog-thread.js",
    format: "cjs",
    platform: "node",
  },
];

/** Builds everything that runs, unless the sources are those of the last build. */
export async function buildWhenChanged(log) {
  mkdirSync("build", { recursive: true });
  const hash = hashSourcesOnce(SOURCES, MEMO);
  if (existsSync(STAMP) && readFileSync(STAMP, "utf8") === hash) return;
  log("Building pages and programs");
  rmSync(STAMP, { force: true });
  await buildPages();
  await buildPrograms();
  await buildWebServer();
  await letGoOfEsbuild();
  writeFileSync(STAMP, hash);
}

/** Builds programs alone, with what the engine reads as text beside its own. */
export async function buildPrograms(folder = "build", entryPoints = ENTRIES) {
  const { build } = await import("esbuild");
  await build({ ...PROGRAM, entryPoints, outdir: folder, outbase: "." });
  for (const { outfile, ...entry } of ENGINE_ENTRIES) {
    await build({
      ...entry,
      outfile: `${folder}/embedded/${outfile}`,
      bundle: true,
      target: "node20",
      logLevel: "warning",
    });
  }
}

/** The web server and the pages share what both import. */
async function buildWebServer() {
  const { build } = await import("esbuild");
  await build({
    ...PROGRAM,
    entryPoints: { main: "server/main.ts", pages: VITE_PAGES },
    outdir: "build/server",
    chunkNames: "chunks/[name]-[hash]",
    splitting: true,
    define: { "process.env.NODE_ENV": '"production"' },
    // Vite's output imports what some of its chunks need a second time.
    logOverride: { "ignored-bare-import": "silent" },
  });
}

/** Its process would keep hundreds of megabytes for as long as the shop runs. */
async function letGoOfEsbuild() {
  const { stop } = await import("esbuild");
  await stop();
}

function buildPages() {
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      ["node_modules/@remix-run/dev/dist/cli.js", "vite:build", "--logLevel", "error"],
      { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, NODE_ENV: "production" } },
    );
    let output = "";
    child.stdout.on("data", (chunk) => (output += chunk));
    child.stderr.on("data", (chunk) => (output += chunk));
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(undefined);
      else exitUnbuilt(output);
    });
  });
}

/** The build's own account of what is wrong with the sources says more than a stack of ours. */
function exitUnbuilt(output) {
  console.error(output);
  console.error("The pages did not build; what the build said is above.");
  process.exit(1);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  await buildWhenChanged((line) => console.log(`· ${line}`));
}
