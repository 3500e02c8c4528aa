import { createHmac } from "node:crypto";

import type { ComponentPath } from "../database/types.ts";
import type { ComponentMount } from "./component-tree.ts";
import {
  canonicalPath,
  childPath,
  parseChildReference,
  parseFunctionPath,
  type FunctionAddress,
  type FunctionPath,
} from "./function-path.ts";
import type { AnalyzedFunction } from "./module-probe.ts";

/** Hexadecimal digits. */
const ID_LENGTH = 32;

/** What one version of the code knows about its functions and about where they are mounted. */
export interface FunctionDirectory {
  /** `null` when nothing is mounted there. */
  mount(componentPath: ComponentPath): ComponentMount | null;
  /** Whether there is such a module, whatever it exports. */
  hasModule(path: Pick<FunctionPath, "componentPath" | "module">): boolean;
  /** What the push found out about an export; `null` when it is absent or no Convex function. */
  findFunction(path: FunctionPath): AnalyzedFunction | null;
  /** A function's handle, the same in all versions of the code; `null` when there is no such function. */
  handleOf(path: FunctionPath): string | null;
  /** The function that a handle stands for; `null` when it is gone or the text is no handle. */
  functionOfHandle(handle: string): FunctionPath | null;
}

/** The function an address means, or a sentence on why it means none. */
export type ResolvedFunction =
  { readonly path: FunctionPath; readonly isCapability: boolean } | { readonly problem: string };

/**
 * Resolves an address for code that runs in a component: names mean its own functions, references
 * public functions of its children. Whoever holds a handle may call what it stands for: then
 * `isCapability` is true. Only handles and references are sure to lead to something that exists.
 */
export function resolveAddress(
  directory: FunctionDirectory,
  caller: ComponentPath,
  { name, reference, functionHandle }: FunctionAddress,
): ResolvedFunction {
  if (typeof functionHandle === "string") {
    const path = directory.functionOfHandle(functionHandle);
    if (path === null) return { problem: "Function handle not found" };
    return { path, isCapability: true };
  }
  if (typeof reference === "string") return resolveReference(directory, caller, reference);
  const path = typeof name === "string" ? parseFunctionPath(caller, name) : null;
  if (path !== null) return { path, isCapability: false };
  return { problem: `Could not find public function for ${JSON.stringify(name ?? null)}.` };
}

/**
 * Handles of the functions of one version: `function://<id>#<path>`. The id cannot be guessed, so that
 * a component can call only those functions of others that it was given handles of; the path is there
 * for people.
 */
export class FunctionHandles {
  readonly #key: string;
  readonly #paths: readonly FunctionPath[];
  #byId: ReadonlyMap<string, FunctionPath> | null = null;

  constructor(handleKey: string, paths: readonly FunctionPath[]) {
    this.#key = handleKey;
    this.#paths = paths;
  }

  of(path: FunctionPath): string {
    return `function://${this.#idOf(path)}#${canonicalPath(path)}`;
  }

  find(handle: string): FunctionPath | null {
    const id = /^function:\/\/(?<id>[0-9a-f]+)(?:#|$)/.exec(handle)?.groups?.["id"];
    if (id === undefined) return null;
    this.#byId ??= new Map(this.#paths.map((path) => [this.#idOf(path), path]));
    return this.#byId.get(id) ?? null;
  }

  #idOf(path: FunctionPath): string {
    return createHmac("sha256", this.#key)
      .update(`${path.componentPath}\n${canonicalPath(path)}`)
      .digest("hex")
      .slice(0, ID_LENGTH);
  }
}

function resolveReference(
  directory: FunctionDirectory,
  caller: ComponentPath,
  reference: string,
): ResolvedFunction {
  const problem = `Couldn't resolve ${reference.split("/").slice(2).join(".")}`;
  const parsed = parseChildReference(reference);
  if (parsed === null) return { problem };
  const componentPath = childPath(caller, parsed.child);
  if (directory.mount(componentPath) === null) {
    return { problem: `${problem}: child component "${parsed.child}" not found` };
  }
  const path = parseFunctionPath(componentPath, parsed.path);
  const found = path === null ? null : directory.findFunction(path);
  if (path === null || found?.visibility?.kind !== "public") {
    return { problem: `${problem}: child component "${parsed.child}" does not export it` };
  }
  return { path, isCapability: false };
}
