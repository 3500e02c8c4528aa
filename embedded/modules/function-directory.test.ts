import { expect, test } from "vitest";

import type { LoadedModule } from "./code-cache.ts";
import { createSnapshot } from "./code-cache.ts";
import { PLAIN_APP_MOUNT } from "./component-tree.ts";
import { resolveAddress } from "./function-directory.ts";
import type { FunctionPath } from "./function-path.ts";

const NO_MODULES: readonly LoadedModule[] = [];

/** Functions as `component|module:export`, internal ones with a `!` at the end. */
function directory(mounted: readonly string[], functions: readonly string[], handleKey = "key") {
  const records = functions.map((text) => {
    const [componentPath = "", rest = ""] = text.split("|");
    const [path = "", name = ""] = rest.replace("!", "").split(":");
    const visibility = { kind: text.endsWith("!") ? "internal" : "public" };
    const found = { name, pos: null, udfType: "Query", visibility, args: null, returns: null };
    const analysis = { functions: [found], httpRoutes: null, cronSpecs: null, sourceMapped: null };
    return { componentPath, path: `${path}.js`, analysisJson: JSON.stringify(analysis) };
  });
  const mounts = mounted.map((componentPath) => ({ ...PLAIN_APP_MOUNT, componentPath }));
  const code = { version: "", importSeed: Buffer.alloc(32), importTimeMs: 0, handleKey };
  return createSnapshot(code, NO_MODULES, mounts, records);
}

const path = (componentPath: string, module: string, exportName: string): FunctionPath => ({
  componentPath,
  module,
  exportName,
});
const child = (text: string) => ({ reference: `_reference/childComponent/${text}` });

test("names mean functions of the caller's own component", () => {
  const code = directory(["", "a"], ["a|m:f!"]);
  expect(resolveAddress(code, "a", { name: "m:f" })).toEqual({
    path: path("a", "m.js", "f"),
    isCapability: false,
  });
  expect(resolveAddress(code, "a", { name: "../x:f" })).toHaveProperty("problem");
  expect(resolveAddress(code, "a", {})).toHaveProperty("problem");
});

test("references mean public functions of the caller's children", () => {
  const code = directory(["", "a", "a/b"], ["a/b|dir/m:f", "a/b|dir/m:hidden!", "b|dir/m:f"]);
  expect(resolveAddress(code, "a", child("b/dir/m/f"))).toEqual({
    path: path("a/b", "dir/m.js", "f"),
    isCapability: false,
  });
  for (const [caller, text, problem] of [
    ["a", "b/dir/m/hidden", /Couldn't resolve b\.dir\.m\.hidden: .*does not export/],
    ["a", "b/dir/m/nothing", /does not export/],
    ["", "b/dir/m/f", /child component "b" not found/],
    ["", "a/b/dir/m/f", /does not export/],
    ["a", "b", /Couldn't resolve b/],
    ["a", "", /Couldn't resolve/],
  ] as const) {
    expect(resolveAddress(code, caller, child(text))).toEqual({
      problem: expect.stringMatching(problem) as string,
    });
  }
});

test("a handle means its function everywhere, in later versions too, as long as it exists", () => {
  const first = directory(["", "a"], ["|m:f!", "a|m:f!"]);
  const handle = first.handleOf(path("", "m.js", "f"))!;
  expect(handle).toMatch(/^function:\/\/[0-9a-f]{32}#m:f$/);
  expect(first.handleOf(path("a", "m.js", "f"))).not.toBe(handle);
  const later = directory(["", "a"], ["|m:f!", "|n:g"]);
  for (const caller of ["", "a"]) {
    expect(resolveAddress(later, caller, { functionHandle: handle })).toEqual({
      path: path("", "m.js", "f"),
      isCapability: true,
    });
  }
  const without = directory(["", "a"], ["|n:g"]);
  expect(resolveAddress(without, "", { functionHandle: handle })).toEqual({
    problem: "Function handle not found",
  });
  expect(without.handleOf(path("", "m.js", "f"))).toBeNull();
});

test("a handle cannot be made up, and is none of another deployment", () => {
  const code = directory([""], ["|m:f!"]);
  const foreign = directory([""], ["|m:f!"], "another key").handleOf(path("", "m.js", "f"))!;
  for (const handle of [foreign, "function://#m:f", "function://m:f", "m:f", "function://"]) {
    expect(resolveAddress(code, "", { functionHandle: handle })).toHaveProperty("problem");
  }
});
