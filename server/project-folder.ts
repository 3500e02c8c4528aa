import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** The folder with package.json, wherever this runs: from the source tree or from build/. */
export function projectFolder(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, "package.json"))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error("There is no package.json above the web server");
    folder = parent;
  }
  return folder;
}
