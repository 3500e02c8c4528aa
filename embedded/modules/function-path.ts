import type { ComponentPath } from "../database/types.ts";

/** Path of a component that is mounted in another under a name. */
export function childPath(parent: ComponentPath, name: string): ComponentPath {
  return parent === "" ? name : `${parent}/${name}`;
}

/** One exported function of one mounted component. */
export interface FunctionPath {
  readonly componentPath: ComponentPath;
  /** Module path as pushed, with its extension: `dir/messages.js`. */
  readonly module: string;
  readonly exportName: string;
}

/**
 * Reads `dir/module:export`, `module.js:export` or a bare `module` (its default export).
 * `null` for text that no function can have as its path.
 */
export function parseFunctionPath(componentPath: ComponentPath, text: string): FunctionPath | null {
  const match = /^(?<module>[\w/.$-]+?)(?:\.js)?(?::(?<exportName>[\w$]+))?$/.exec(text);
  const { module, exportName = "default" } = match?.groups ?? {};
  if (module === undefined || module.split("/").some(isBadSegment)) return null;
  return { componentPath, module: `${module}.js`, exportName };
}

/** `dir/module:export`, the default export spelled out: what references and cache keys hold. */
export function canonicalPath({ module, exportName }: FunctionPath): string {
  return `${module.replace(/\.js$/, "")}:${exportName}`;
}

/** As people write it: without the extension, and without the name of a default export. */
export function displayPath(path: FunctionPath): string {
  return canonicalPath(path).replace(/:default$/, "");
}

/** `module.js:export`, the form of `_scheduled_functions.name`. */
export function storedPath({ module, exportName }: FunctionPath): string {
  return `${module}:${exportName}`;
}

/** How a syscall names the function it wants called; exactly one part is present. */
export interface FunctionAddress {
  readonly name?: unknown;
  readonly reference?: unknown;
  readonly functionHandle?: unknown;
}

/** A function of a child component: `_reference/childComponent/child/dir/module/export`. */
export interface ChildReference {
  readonly child: string;
  /** Path of the function within the child: `dir/module:export`. */
  readonly path: string;
}

/** `null` for text that is no reference to a child's function. */
export function parseChildReference(reference: string): ChildReference | null {
  const [root, kind, child, ...rest] = reference.split("/");
  const exportName = rest.pop();
  if (root !== "_reference" || kind !== "childComponent") return null;
  if (child === undefined || exportName === undefined || rest.length === 0) return null;
  return { child, path: `${rest.join("/")}:${exportName}` };
}

function isBadSegment(segment: string): boolean {
  return segment === "" || segment === "." || segment === "..";
}
