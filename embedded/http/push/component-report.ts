import type { ComponentPath } from "../../database/types.ts";
import type { AnalyzedCode, AnalyzedProject } from "../../modules/analyze.ts";
import type { AnalyzedModule } from "../../modules/module-probe.ts";
import { childPath } from "../../modules/function-path.ts";

/** Public functions by module path and name, nested as references to them are. */
interface ExportTree extends Map<string, ExportTree | string> {}

/** Exports of a definition (`ComponentExports` of the command line's componentDefinition.ts). */
export function exportsReply(code: AnalyzedCode): object {
  return branchReply(exportTree(code));
}

/** The tree of mounts (`CheckedComponent` of the command line's checkedComponent.ts). */
export function checkedComponentReply(
  project: AnalyzedProject,
  componentPath: ComponentPath,
): object {
  const mount = project.mounts.find((candidate) => candidate.componentPath === componentPath);
  const code = mount === undefined ? undefined : project.definitions.get(mount.definitionPath);
  if (mount === undefined || code === undefined) throw new Error(`No mount at ${componentPath}.`);
  const children = code.definition.children.map(({ name }) => [
    name,
    checkedComponentReply(project, childPath(componentPath, name)),
  ]);
  return {
    definitionPath: mount.definitionPath,
    componentPath,
    httpPrefix: mount.httpPrefix,
    args: {},
    env: Object.fromEntries(mount.environment),
    childComponents: Object.fromEntries(children) as unknown,
    httpRoutes: { httpModuleRoutes: code.httpRoutes, mounts: [...mount.httpMounts.keys()] },
    exports: checkedExports(componentPath, exportTree(code)),
  };
}

function exportTree({ modules }: AnalyzedCode): ExportTree {
  const root: ExportTree = new Map();
  for (const { module, analysisJson } of modules) {
    const { functions } = JSON.parse(analysisJson) as AnalyzedModule;
    const path = module.path.replace(/\.js$/, "");
    for (const { name, visibility } of functions) {
      if (visibility?.kind !== "public") continue;
      branchAt(root, path.split("/")).set(name, `${path}:${name}`);
    }
  }
  return root;
}

function branchAt(root: ExportTree, segments: readonly string[]): ExportTree {
  let branch = root;
  for (const segment of segments) {
    const known = branch.get(segment);
    const next: ExportTree = known instanceof Map ? known : new Map();
    branch.set(segment, next);
    branch = next;
  }
  return branch;
}

function branchReply(tree: ExportTree): object {
  const branch = [...tree].map(([name, node]) => [
    name,
    typeof node === "string"
      ? { type: "leaf", leaf: `_reference/function/${node}` }
      : branchReply(node),
  ]);
  return { type: "branch", branch };
}

function checkedExports(component: ComponentPath, tree: ExportTree): object {
  const entries = [...tree].map(([name, node]) => [
    name,
    typeof node === "string"
      ? { type: "leaf", resource: { type: "function", path: { component, udfPath: node } } }
      : { type: "branch", children: checkedExports(component, node) },
  ]);
  return Object.fromEntries(entries) as object;
}
