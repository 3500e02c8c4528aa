import type { ComponentPath } from "../database/types.ts";
import type { ComponentMount } from "./component-tree.ts";
import { childPath } from "./function-path.ts";

export interface HttpRoute {
  readonly path: string;
  readonly method: string;
}

/** Where requests can go: the mounts of one version of the code and the routes of their routers. */
export interface HttpSite {
  mount(componentPath: ComponentPath): ComponentMount | null;
  /** Routes of a component's `http` module; `null` without such a module. */
  httpRoutes(componentPath: ComponentPath): readonly HttpRoute[] | null;
}

export interface RoutedRequest {
  readonly componentPath: ComponentPath;
  /** The path that the component's router looks up; the request keeps its whole address. */
  readonly routedPath: string;
}

/**
 * The component that answers a request: exact routes come first, then the longest prefix among routes
 * and mounts. Falls back to the router that got furthest, which says that it knows no such route;
 * `null` when there is none.
 */
export function routeRequest(site: HttpSite, path: string, method: string): RoutedRequest | null {
  let componentPath: ComponentPath = "";
  let routedPath = path;
  for (;;) {
    const mount = site.mount(componentPath);
    const routes = site.httpRoutes(componentPath);
    if (mount === null) return null;
    const ownPath = pathOfOwnRoutes(mount, routedPath);
    const own = ownPath === null || routes === null ? null : { componentPath, routedPath: ownPath };
    const rest = own === null ? null : restBehindRoute(routes ?? [], own.routedPath, method);
    if (rest === "exact") return own;
    const child = longestMount(mount, routedPath);
    if (child === null) return own;
    if (rest !== null && rest < routedPath.length - child.path.length) return own;
    componentPath = childPath(componentPath, child.name);
    routedPath = `/${routedPath.slice(child.path.length)}`;
  }
}

/** What a route for all paths below it begins with (`/things/` of `/things/*`), `null` for others. */
export function routePrefix(path: string): string | null {
  if (!path.endsWith("*")) return null;
  return path === "*" ? "/" : path.slice(0, -1);
}

/** The app's own routes may lie below a prefix, which its router does not know. */
function pathOfOwnRoutes({ componentPath, httpPrefix }: ComponentMount, path: string) {
  if (componentPath !== "" || httpPrefix === null) return path;
  return path.startsWith(httpPrefix) ? `/${path.slice(httpPrefix.length)}` : null;
}

/** How much of the path the longest matching prefix leaves over; `null` when nothing matches. */
function restBehindRoute(
  routes: readonly HttpRoute[],
  path: string,
  method: string,
): "exact" | number | null {
  const wanted = method === "HEAD" ? "GET" : method;
  let shortest: number | null = null;
  for (const route of routes) {
    if (route.method !== wanted) continue;
    if (route.path === path) return "exact";
    const prefix = routePrefix(route.path);
    if (prefix === null || !path.startsWith(prefix)) continue;
    shortest = Math.min(shortest ?? Infinity, path.length - prefix.length);
  }
  return shortest;
}

function longestMount({ httpMounts }: ComponentMount, path: string) {
  let longest: { readonly path: string; readonly name: string } | null = null;
  for (const [mountPath, name] of httpMounts) {
    const isLonger = longest === null || mountPath.length > longest.path.length;
    if (isLonger && path.startsWith(mountPath)) longest = { path: mountPath, name };
  }
  return longest;
}
