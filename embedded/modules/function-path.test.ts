import { expect, test } from "vitest";

import {
  canonicalPath,
  displayPath,
  parseChildReference,
  parseFunctionPath,
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

test("references to functions of children are taken apart", () => {
  expect(parseChildReference("_reference/childComponent/b/dir/m/f")).toEqual({
    child: "b",
    path: "dir/m:f",
  });
  for (const text of ["_reference/childComponent/b", "_reference/other/b/m/f", "x", ""]) {
    expect(parseChildReference(text)).toBeNull();
  }
});
