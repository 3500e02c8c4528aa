import { expect, test } from "vitest";

import { PLAIN_APP_MOUNT, type ComponentMount } from "./component-tree.ts";
import { routeRequest, type HttpSite } from "./http-routing.ts";

interface Place {
  readonly mounts?: Readonly<Record<string, string>>;
  readonly routes?: readonly string[];
  readonly prefix?: string;
}

/** A site of mounts by component path; routes are `METHOD /path`. */
function site(places: Readonly<Record<string, Place>>): HttpSite {
  return {
    mount: (componentPath): ComponentMount | null => {
      const place = places[componentPath];
      if (place === undefined) return null;
      const httpMounts = new Map(Object.entries(place.mounts ?? {}));
      return { ...PLAIN_APP_MOUNT, componentPath, httpPrefix: place.prefix ?? null, httpMounts };
    },
    httpRoutes: (componentPath) =>
      places[componentPath]?.routes?.map((route) => {
        const [method = "", path = ""] = route.split(" ");
        return { method, path };
      }) ?? null,
  };
}

const route = (places: Readonly<Record<string, Place>>, path: string, method = "GET") => {
  const found = routeRequest(site(places), path, method);
  return found === null ? null : `${found.componentPath}:${found.routedPath}`;
};

test("a mount takes what is below it, without its prefix, down to nested ones", () => {
  const places = {
    "": { mounts: { "/a/": "a" }, routes: ["GET /own"] },
    a: { mounts: { "/b/": "b" }, routes: ["GET /x"] },
    "a/b": { routes: ["GET /y"] },
  };
  expect(route(places, "/own")).toBe(":/own");
  expect(route(places, "/a/x")).toBe("a:/x");
  expect(route(places, "/a/b/y")).toBe("a/b:/y");
  expect(route(places, "/ax")).toBe(":/ax");
});

test("exact routes win over mounts, longer prefixes over shorter ones", () => {
  const places = {
    "": { mounts: { "/a/": "a" }, routes: ["GET /a/exact", "GET /a/long/*", "GET /*"] },
    a: { routes: ["GET /*"] },
  };
  expect(route(places, "/a/exact")).toBe(":/a/exact");
  expect(route(places, "/a/exact", "POST")).toBe("a:/exact");
  expect(route(places, "/a/long/x")).toBe(":/a/long/x");
  expect(route(places, "/a/else")).toBe("a:/else");
  expect(route(places, "/else")).toBe(":/else");
});

test("who got furthest says that there is no such route", () => {
  const places = { "": { mounts: { "/a/": "a" }, routes: [] }, a: { routes: ["GET /x"] } };
  expect(route(places, "/a/nothing")).toBe("a:/nothing");
  expect(route(places, "/nothing")).toBe(":/nothing");
});

test("without any router there is nobody to ask", () => {
  expect(route({ "": {} }, "/")).toBeNull();
  expect(route({ "": { mounts: { "/a/": "a" } }, a: { routes: ["GET /x"] } }, "/b")).toBeNull();
  expect(route({ "": { mounts: { "/a/": "a" } }, a: { routes: ["GET /x"] } }, "/a/x")).toBe("a:/x");
});

test("the app's prefix is for its own routes, not for mounts", () => {
  const places = {
    "": { prefix: "/api/", mounts: { "/a/": "a", "/api/a/": "a" }, routes: ["GET /x", "GET /a/*"] },
    a: { routes: ["GET /x"] },
  };
  expect(route(places, "/api/x")).toBe(":/x");
  expect(route(places, "/x")).toBeNull();
  expect(route(places, "/a/x")).toBe("a:/x");
  expect(route(places, "/api/a/x")).toBe("a:/x");
});

test("a request for the head goes where the request itself would go", () => {
  const places = { "": { mounts: { "/": "a" }, routes: ["GET /x"] }, a: { routes: ["GET /y"] } };
  expect(route(places, "/x", "HEAD")).toBe(":/x");
  expect(route(places, "/y", "HEAD")).toBe("a:/y");
});
