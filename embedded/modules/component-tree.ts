import type { ComponentPath } from "../database/types.ts";
import type {
  ComponentDefinition,
  DeclaredVariable,
  EnvironmentBinding,
} from "./component-definition.ts";
import {
  checkBindings,
  requireVariables,
  resolveBindings,
  typecheckError,
} from "./component-environment.ts";
import { childPath } from "./function-path.ts";
import { routePrefix } from "./http-routing.ts";

/** The app, or one component where it is mounted. */
export interface ComponentMount {
  readonly componentPath: ComponentPath;
  readonly definitionPath: string;
  /** What its definition declares. */
  readonly declared: ReadonlyMap<string, DeclaredVariable>;
  /** Variables by the component's own names; references are to variables of the deployment. */
  readonly environment: ReadonlyMap<string, EnvironmentBinding>;
  /**
   * Where its routes are on the deployment's site, `/prefix/`; `null` for the root of the site, and
   * for components that are not mounted there.
   */
  readonly httpPrefix: string | null;
  /** Names of children by the path they are mounted at, relative to this component's own. */
  readonly httpMounts: ReadonlyMap<string, string>;
}

/** The app of a project without `convex.config`. */
export const PLAIN_APP_MOUNT: ComponentMount = {
  componentPath: "",
  definitionPath: "",
  declared: new Map(),
  environment: new Map(),
  httpPrefix: null,
  httpMounts: new Map(),
};

/** A definition with what the analysis of its code adds. */
export interface MountableDefinition {
  readonly definition: ComponentDefinition;
  /** Routes of its `http` module, `null` without one. */
  readonly httpRoutes: readonly { readonly path: string; readonly method: string }[] | null;
}

/**
 * Every mount that follows from the app's definition, parents before their children.
 * @throws ServiceError `TypecheckError` for what does not fit together.
 */
export function mountComponents(
  definitions: ReadonlyMap<string, MountableDefinition>,
  options: { readonly isForCodegen: boolean },
): ComponentMount[] {
  const { definition } = requireDefinition(definitions, "");
  const { httpPrefix, httpMounts, environment: declared } = definition;
  const root = { ...PLAIN_APP_MOUNT, declared, httpPrefix, httpMounts };
  return withChildren(root, definitions, options);
}

function withChildren(
  mount: ComponentMount,
  definitions: ReadonlyMap<string, MountableDefinition>,
  options: { readonly isForCodegen: boolean },
): ComponentMount[] {
  const { definition } = requireDefinition(definitions, mount.definitionPath);
  const names = new Set<string>();
  const children = definition.children.flatMap((child) => {
    if (names.has(child.name)) {
      throw typecheckError(
        `Component "${definition.path}" has multiple child components with the same name: ` +
          `"${child.name}"`,
      );
    }
    names.add(child.name);
    const target = requireDefinition(definitions, child.definitionPath).definition;
    const componentPath = childPath(mount.componentPath, child.name);
    const { environment: declared } = target;
    checkBindings(componentPath, declared, child.environment, definition.environment);
    const parent = { isRoot: mount.componentPath === "", environment: mount.environment };
    const environment = resolveBindings(child.environment, parent);
    if (!options.isForCodegen) requireVariables(componentPath, declared, environment);
    const instance: ComponentMount = {
      componentPath,
      definitionPath: child.definitionPath,
      declared,
      environment,
      httpPrefix: prefixOf(mount, child.name),
      httpMounts: target.httpMounts,
    };
    return withChildren(instance, definitions, options);
  });
  checkHttpMounts(definition, definitions);
  return [mount, ...children];
}

/** Mounts of the app lie at the root of the site, whatever prefix its own routes have. */
function prefixOf({ componentPath, httpPrefix, httpMounts }: ComponentMount, name: string) {
  const [path] = [...httpMounts].find(([, child]) => child === name) ?? [];
  if (path === undefined) return null;
  return componentPath === "" || httpPrefix === null ? path : httpPrefix.slice(0, -1) + path;
}

function checkHttpMounts(
  definition: ComponentDefinition,
  definitions: ReadonlyMap<string, MountableDefinition>,
): void {
  const routes = requireDefinition(definitions, definition.path).httpRoutes ?? [];
  for (const [mountPath, name] of definition.httpMounts) {
    const child = definition.children.find((candidate) => candidate.name === name);
    if (child === undefined) {
      throw typecheckError(
        `HTTP mount "${mountPath}" is invalid: Child component "${name}" not found.`,
      );
    }
    const target = requireDefinition(definitions, child.definitionPath);
    if ((target.httpRoutes?.length ?? 0) === 0 && target.definition.httpMounts.size === 0) {
      throw typecheckError(
        `HTTP mount "${mountPath}" is invalid: Child component "${name}" doesn't have any HTTP ` +
          "routes.",
      );
    }
    if (routes.some(({ path }) => routePrefix(path) === mountPath)) {
      throw typecheckError(
        `HTTP mount "${mountPath}" is invalid: Overlap with existing prefix route`,
      );
    }
  }
}

function requireDefinition(
  definitions: ReadonlyMap<string, MountableDefinition>,
  path: string,
): MountableDefinition {
  const found = definitions.get(path);
  if (found !== undefined) return found;
  throw typecheckError(`Component definition not found: "${path}"`);
}
