import { join } from "node:path";

import { buildPrograms } from "#scripts/build.mjs";

let built: Promise<unknown> | null = null;

/** Builds the backend's program as `npm start` runs it, once in a process; resolves to its file. */
export async function builtBackend(folder: string): Promise<string> {
  built ??= buildPrograms(folder, ["embedded/main.ts"]);
  await built;
  return join(folder, "embedded", "main.js");
}
