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
import { createIntegrity, type Integrity } from "./integrity.ts";
import { createEnvironment, createModuleRegistry, type ModuleHost } from "./module-registry.ts";
import { probeModule } from "./probe.ts";
import type { InstalledRealm, RealmControl, RealmHost } from "./realm-host.ts";
import { createOperations, installWebGlobals } from "./web-globals.ts";

export function installRealm(host: RealmHost): InstalledRealm {
  const operations = createOperations(host);
  installWebGlobals(host, operations);
  installDate(host);
  installCrypto(host, operations);
  installConsole(host);
  const syscalls = installConvexGlobal(host);
  const process = { env: createEnvironment((name) => host.environmentVariable(name)) };
  defineGlobal("process", process);
  defineHidden("[engine]", () => {
    syscalls.begin();
    host.takeTask()?.();
  });
  const integrity = createIntegrity();
  const registry = createModuleRegistry({
    compileModule: (path) => host.compileModule(path),
    ...watchedImports(host, integrity),
    process,
    requireExternal: (specifier) => {
      throw new Error(
        `Could not resolve "${specifier}": Node.js built-ins exist in modules with "use node" only.`,
      );
    },
  });
  const control: RealmControl = {
    ...createFunctionCalls(registry),
    probe: (path) => probeModule(registry, path),
    settleSyscall: syscalls.settle,
    settleOperation: operations.settle,
  };
  return { control, integrity };
}

/** Modules may add to the builtins while they are evaluated, as polyfills do; what calls add is undone. */
function watchedImports(
  host: RealmHost,
  integrity: Integrity,
): Pick<ModuleHost, "enterImport" | "leaveImport"> {
  let depth = 0;
  return {
    enterImport(path) {
      if (depth === 0 && integrity.isChanged(true)) integrity.restore();
      depth += 1;
      host.enterImport(path);
    },
    leaveImport() {
      host.leaveImport();
      depth -= 1;
      if (depth === 0) integrity.remember();
    },
  };
}

/** A global that enumeration does not show and pushed code cannot replace. */
function defineHidden(name: string, value: unknown): void {
  Object.defineProperty(globalThis, name, { value, enumerable: false, writable: false });
}
