import { expect, test } from "vitest";

import {
  canonicalPath,
  displayPath,
  functionHandle,
  parseFunctionPath,
  resolveAddress,
  storedPath,
} from "./function-path.ts";

test.each([
  ["messages:send", "messages:send", "messages:send", "messages.js:send"],
  ["messages.js:send", "messages:send", "messages:send", "messages.js:send"],
  ["messages", "messages:default", "messages", "messages.js:default"],
  [
    "dir/sub/messages:list",
    "dir/sub/messages:list",
    "dir/sub/messages:list",
    "dir/sub/messages.js:list",
  ],
  ["dir/a.b:list", "dir/a.b:list", "dir/a.b:list", "dir/a.b.js:list"],
])("%s has its canonical, displayed and stored form", (text, canonical, displayed, stored) => {
  const path = parseFunctionPath("", text)!;
  expect([canonicalPath(path), displayPath(path), storedPath(path)]).toEqual([
    canonical,
    displayed,
    stored,
  ]);
});

test.each(["", ":send", "a:", "a:b:c", "../a:b", "a//b:c", "/a:b", "a b:c", "a:b\n", "ä:b"])(
  "%j is no path",
  (text) => {
    expect(parseFunctionPath("", text)).toBeNull();
  },
);

test("names resolve in the caller's component, references in its children", () => {
  expect(resolveAddress("a", { name: "m:f" })).toEqual({
    componentPath: "a",
    module: "m.js",
    exportName: "f",
  });
  expect(resolveAddress("a", { reference: "_reference/childComponent/b/dir/m/f" })).toEqual({
    componentPath: "a/b",
    module: "dir/m.js",
    exportName: "f",
  });
  for (const reference of ["_reference/childComponent/b", "_reference/other/b/m/f", "x", 1]) {
    expect(resolveAddress("", { reference })).toBeNull();
  }
  expect(resolveAddress("", {})).toBeNull();
});

test("a handle leads back to its function from everywhere", () => {
  const path = { componentPath: "a/b c", module: "dir/m.js", exportName: "f" };
  for (const caller of ["", "x"]) {
    expect(resolveAddress(caller, { functionHandle: functionHandle(path) })).toEqual(path);
  }
  for (const handle of ["function://", "function://%E0#m:f", "m:f", "function://a#"]) {
    expect(resolveAddress("", { functionHandle: handle })).toBeNull();
  }
});
