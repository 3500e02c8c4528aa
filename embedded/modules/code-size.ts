import { DEPLOYMENT_LIMITS } from "../lib/limits.ts";
import { ServiceError } from "../lib/service-error.ts";
import type { PushedProject } from "./analyze.ts";

/**
 * Refuses a push with more code than a deployment may hold, in all its components together.
 * @throws ServiceError `InvalidModules`, `ModulesTooLarge`
 */
export function requireCodeSize({ app, components }: PushedProject): void {
  const { modules, codeBytes } = DEPLOYMENT_LIMITS;
  let size = 0;
  for (const code of [app, ...components]) {
    const files = code.modules.filter(({ path }) => !path.startsWith("_deps/"));
    if (files.length > modules.max) {
      throw new ServiceError("badRequest", "InvalidModules", modules.text(files.length));
    }
    for (const { source } of code.modules) size += Buffer.byteLength(source);
  }
  if (size > codeBytes.max) {
    throw new ServiceError("badRequest", "ModulesTooLarge", codeBytes.text(size));
  }
}
