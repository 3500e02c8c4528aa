/**
 * Runs inside the realm of queries and mutations, before any pushed code: sets up its globals and
 * returns what the engine drives it with. Bundled on its own (see entry-script.ts).
 */
import { installConsole } from "./console.ts";
import { installCrypto } from "./crypto.ts";
import { installDate } from "./date.ts";
import { createFunctionCalls } from "./function-calls.ts";
import { installConvexGlobal } from "./convex-global.ts";
import { defineGlobal } from "./global-property.ts";
import { createEnvironment, createModuleRegistry } from "./module-registry.ts";
import { probeModule } from "./probe.ts";
import type { RealmControl, RealmHost } from "./realm-host.ts";
import { createOperations, installWebGlobals } from "./web-globals.ts";

export function installRealm(host: RealmHost): RealmControl {
  const operations = createOperations(host);
  installWebGlobals(host, operations);
  installDate(host);
  installCrypto(host, operations);
  installConsole(host);
  const syscalls = installConvexGlobal(host);
  const process = { env: createEnvironment((name) => host.environmentVariable(name)) };
  defineGlobal("process", process);
  const registry = createModuleRegistry({
    compileModule: (path) => host.compileModule(path),
    enterImport: (path) => host.enterImport(path),
    leaveImport: () => host.leaveImport(),
    process,
    requireExternal: (specifier) => {
      throw new Error(
        `Could not resolve "${specifier}": Node.js built-ins exist in modules with "use node" only.`,
      );
    },
  });
  defineHidden("[engine]", () => {
    syscalls.begin();
    host.takeTask()?.();
  });
  return {
    ...createFunctionCalls(registry),
    probe: (path) => probeModule(registry, path),
    settleSyscall: syscalls.settle,
    settleOperation: operations.settle,
  };
}

/** A global that enumeration does not show and pushed code cannot replace. */
function defineHidden(name: string, value: unknown): void {
  Object.defineProperty(globalThis, name, { value, enumerable: false, writable: false });
}
