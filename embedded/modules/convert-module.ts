import { Buffer } from "node:buffer";
import { createRequire } from "node:module";

import type { PushedModule } from "./module-store.ts";

/** A module as a function expression `(function (exports, require, module, process) {…})`. */
export interface ConvertedModule {
  readonly path: string;
  readonly environment: PushedModule["environment"];
  readonly sha256: string;
  /** The wrapper takes the first line, so that the code starts at line 2. */
  readonly code: string;
  /** From `code` without its first line to the original sources; JSON text, `null` when unknown. */
  readonly sourceMap: string | null;
}

/** Changes with everything that makes the same module convert differently. */
const VERSION = 1;

const WRAPPER_HEAD = "(function (exports, require, module, process) {\n";
const WRAPPER_TAIL = "\n})";

/**
 * Turns a pushed ES module into a script, keeping the way back to its sources.
 * @throws when the text is no module, esbuild's message saying where.
 */
export async function convertModule(
  module: PushedModule,
  sha256: string,
): Promise<ConvertedModule> {
  // Most starts have nothing to convert.
  const { transform } = await import("esbuild");
  const { code, map } = await transform(withInlineMap(module), {
    format: "cjs",
    target: "node20",
    platform: module.environment === "node" ? "node" : "neutral",
    supported: { "dynamic-import": false },
    sourcefile: module.path,
    sourcemap: "external",
    sourcesContent: false,
    logLevel: "silent",
  });
  return {
    path: module.path,
    environment: module.environment,
    sha256,
    code: `${WRAPPER_HEAD}${code}${WRAPPER_TAIL}`,
    sourceMap: map === "" ? null : map,
  };
}

/** What converts: equal names convert equally. */
export function converterName(): string {
  const { version } = createRequire(import.meta.url)("esbuild/package.json") as { version: string };
  return `esbuild ${version}, ${VERSION}`;
}

/** esbuild follows the map of its input only when the text carries it. */
function withInlineMap({ source, sourceMap }: PushedModule): string {
  const text = source.replace(/\n\/\/# sourceMappingURL=\S*\s*$/, "\n");
  if (sourceMap === undefined) return text;
  const encoded = Buffer.from(sourceMap).toString("base64");
  return `${text}\n//# sourceMappingURL=data:application/json;base64,${encoded}`;
}
