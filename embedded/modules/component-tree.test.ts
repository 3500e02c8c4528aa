import { v, type PropertyValidators } from "convex/values";
import { expect, test } from "vitest";

import { parseComponentDefinition, type ComponentDefinition } from "./component-definition.ts";
import { checkVariables } from "./component-environment.ts";
import {
  mountComponents,
  type ComponentMount,
  type MountableDefinition,
} from "./component-tree.ts";

type Child = readonly [name: string, path: string, env?: Readonly<Record<string, unknown>>];

interface Options {
  readonly children?: readonly Child[];
  readonly mounts?: Readonly<Record<string, string>>;
  readonly env?: PropertyValidators;
  readonly routes?: readonly string[];
  readonly prefix?: string;
}

/** A definition as `defineApp` and `defineComponent` export it. */
function define(path: string, options: Options = {}): MountableDefinition {
  const { children = [], mounts = {}, env = {}, routes, prefix } = options;
  const exported = {
    definitionType: path === "" ? { type: "app" } : { type: "childComponent", name: path },
    childComponents: children.map(([name, childPath, bindings]) => ({
      name,
      path: childPath,
      args: [],
      env: Object.entries(bindings ?? {}),
    })),
    httpMounts: Object.fromEntries(
      Object.entries(mounts).map(([at, name]) => [at, `_reference/childComponent/${name}`]),
    ),
    exports: { type: "branch", branch: [] },
    ...(prefix === undefined ? {} : { httpPrefix: prefix }),
    envVars: Object.entries(env).map(([name, validator]) => {
      const json: unknown = Reflect.get(validator, "json");
      const optional = validator.isOptional === "optional";
      return [name, { type: "value", value: JSON.stringify(json), optional }];
    }),
  };
  const definition = parseComponentDefinition(path, exported);
  return { definition, httpRoutes: routes?.map((at) => ({ path: at, method: "GET" })) ?? null };
}

function mount(...definitions: MountableDefinition[]): ReadonlyMap<string, ComponentMount> {
  const byPath = new Map(definitions.map((entry) => [entry.definition.path, entry]));
  const mounts = mountComponents(byPath, { isForCodegen: false });
  return new Map(mounts.map((entry) => [entry.componentPath, entry]));
}

const literal = (value: string) => ({ type: "value", value });
const reference = (name: string) => ({ type: "envVar", name });

test("a definition is mounted wherever it is used, with its children, parents first", () => {
  const mounts = mount(
    define("", {
      children: [
        ["one", "a"],
        ["two", "a"],
        ["b", "b"],
      ],
    }),
    define("a", { children: [["b", "b"]] }),
    define("b"),
  );
  expect([...mounts.keys()]).toEqual(["", "one", "one/b", "two", "two/b", "b"]);
  expect(mounts.get("two/b")?.definitionPath).toBe("b");
});

test("variables of the parent are resolved to the app's, optional ones that are missing fall away", () => {
  const text = v.string();
  const mounts = mount(
    define("", {
      env: { KEY: text, MAYBE: v.optional(text) },
      children: [["a", "a", { SECRET: reference("KEY"), LEVEL: literal("high") }]],
    }),
    define("a", {
      env: { SECRET: text, LEVEL: text, EXTRA: v.optional(text) },
      children: [
        [
          "b",
          "b",
          { DEEP: reference("SECRET"), LEVEL: reference("LEVEL"), EXTRA: reference("EXTRA") },
        ],
      ],
    }),
    define("b", { env: { DEEP: text, LEVEL: text, EXTRA: v.optional(text) } }),
  );
  expect(Object.fromEntries(mounts.get("a/b")?.environment ?? [])).toEqual({
    DEEP: { type: "envVar", name: "KEY" },
    LEVEL: { type: "value", value: "high" },
  });
});

test.each<[string, RegExp, Options, Options]>([
  [
    "a variable nobody declared",
    /no env var named "X"/,
    { children: [["a", "a", { X: literal("1") }]] },
    {},
  ],
  [
    "a required variable that is missing",
    /"a" is missing required env var "X"/,
    { children: [["a", "a"]] },
    { env: { X: v.string() } },
  ],
  [
    "a value that does not fit",
    /invalid value for env var "X"/,
    { children: [["a", "a", { X: literal("c") }]] },
    { env: { X: v.union(v.literal("a"), v.literal("b")) } },
  ],
  [
    "a parent's variable that is not declared",
    /references undeclared parent env var KEY/,
    { children: [["a", "a", { X: reference("KEY") }]] },
    { env: { X: v.string() } },
  ],
  [
    "a parent's optional variable for a required one",
    /required, but parent env var KEY is optional/,
    { env: { KEY: v.optional(v.string()) }, children: [["a", "a", { X: reference("KEY") }]] },
    { env: { X: v.string() } },
  ],
  [
    "a parent's variable that allows more",
    /not satisfied by parent env var KEY/,
    { env: { KEY: v.string() }, children: [["a", "a", { X: reference("KEY") }]] },
    { env: { X: v.literal("a") } },
  ],
  [
    "two children of one name",
    /multiple child components with the same name: "a"/,
    {
      children: [
        ["a", "a"],
        ["a", "a"],
      ],
    },
    {},
  ],
  [
    "HTTP for a component without routes",
    /"a" doesn't have any HTTP routes/,
    { children: [["a", "a"]], mounts: { "/a/": "a" } },
    {},
  ],
  [
    "a mount where the app has a prefix route",
    /Overlap with existing prefix route/,
    { children: [["a", "a"]], mounts: { "/a/": "a" }, routes: ["/a/*"] },
    { routes: ["/"] },
  ],
  ["a definition that was not pushed", /definition not found: "b"/, { children: [["b", "b"]] }, {}],
])("refuses %s", (_, message, app, component) => {
  expect(() => mount(define("", app), define("a", component))).toThrow(message);
});

test("a narrower variable of the parent serves a wider one of the child", () => {
  const level = v.union(v.literal("a"), v.literal("b"));
  const mounts = mount(
    define("", {
      env: { LEVEL: level },
      children: [["a", "a", { ANY: reference("LEVEL"), SAME: reference("LEVEL") }]],
    }),
    define("a", { env: { ANY: v.string(), SAME: v.union(level, v.literal("c")) } }),
  );
  expect(mounts.get("a")?.environment.size).toBe(2);
});

test("code generation for a component alone does not ask for its variables", () => {
  const app = define("", { children: [["a", "a"]] });
  const component = define("a", { env: { X: v.string() } });
  const definitions = new Map([
    ["", app],
    ["a", component],
  ]);
  expect(mountComponents(definitions, { isForCodegen: true })).toHaveLength(2);
});

test("prefixes add up, but the app's own prefix is for its own routes", () => {
  const mounts = mount(
    define("", { prefix: "/api/", children: [["a", "a"]], mounts: { "/x/": "a" } }),
    define("a", { children: [["b", "b"]], mounts: { "/y/": "b" } }),
    define("b", { routes: ["/"] }),
  );
  expect([...mounts.values()].map(({ httpPrefix }) => httpPrefix)).toEqual([
    "/api/",
    "/x/",
    "/x/y/",
  ]);
});

test.each<[string, RegExp, () => ComponentDefinition]>([
  [
    "an app that is a component",
    /defineApp/,
    () => parseComponentDefinition("", { definitionType: { type: "childComponent", name: "a" } }),
  ],
  ["no object", /exports no object/, () => parseComponentDefinition("a", "text")],
  [
    "a name with a slash",
    /no name for a component/,
    () => define("", { children: [["a/b", "a"]] }).definition,
  ],
  [
    "a variable that is no text",
    /non-string validator/,
    () => define("", { env: { N: v.number() } }).definition,
  ],
])("a definition cannot be %s", (_, message, make) => {
  expect(make).toThrow(message);
});

test("the deployment's variables must be what the app declares", () => {
  const { environment } = define("", {
    env: { MODE: v.union(v.literal("on"), v.literal("off")), NOTE: v.optional(v.string()) },
  }).definition;
  const check = (variables: Record<string, string>, isComplete: boolean) => () =>
    checkVariables(environment, new Map(Object.entries(variables)), { isComplete });
  expect(check({}, true)).toThrow(/not set: MODE/);
  expect(check({}, false)).not.toThrow();
  expect(check({ MODE: "maybe" }, false)).toThrow(/MODE does not match/);
  expect(check({ MODE: "on", OTHER: "x" }, true)).not.toThrow();
});
