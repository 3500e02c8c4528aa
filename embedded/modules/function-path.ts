import type { ComponentPath } from "../database/types.ts";

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

/** The function an address means for code running in a component; `null` when it means none. */
export function resolveAddress(
  caller: ComponentPath,
  { name, reference, functionHandle }: FunctionAddress,
): FunctionPath | null {
  if (typeof functionHandle === "string") return parseFunctionHandle(functionHandle);
  if (typeof name === "string") return parseFunctionPath(caller, name);
  if (typeof reference === "string") return resolveReference(caller, reference);
  return null;
}

/** A handle names the mounted component and the path, so it outlives deployments. */
export function functionHandle(path: FunctionPath): string {
  return `function://${encodeURIComponent(path.componentPath)}#${canonicalPath(path)}`;
}

function parseFunctionHandle(handle: string): FunctionPath | null {
  const match = /^function:\/\/(?<component>[^#]*)#(?<path>.+)$/.exec(handle);
  const { component, path } = match?.groups ?? {};
  if (component === undefined || path === undefined) return null;
  try {
    return parseFunctionPath(decodeURIComponent(component), path);
  } catch {
    return null;
  }
}

/** `_reference/childComponent/child/dir/module/export`, relative to the caller. */
function resolveReference(caller: ComponentPath, reference: string): FunctionPath | null {
  const [root, kind, child, ...rest] = reference.split("/");
  const exportName = rest.pop();
  if (root !== "_reference" || kind !== "childComponent") return null;
  if (child === undefined || exportName === undefined || rest.length === 0) return null;
  const componentPath = caller === "" ? child : `${caller}/${child}`;
  return parseFunctionPath(componentPath, `${rest.join("/")}:${exportName}`);
}

function isBadSegment(segment: string): boolean {
  return segment === "" || segment === "." || segment === "..";
}
