import { expect, test } from "vitest";

import { LogLines } from "./log-lines.ts";

test("a line carries its level", () => {
  const logs = new LogLines();
  logs.add("WARN", "careful");
  expect(logs.lines).toEqual(["[WARN] careful"]);
});

test("the last line says that there were more", () => {
  const logs = new LogLines();
  for (let line = 0; line < 1_000; line += 1) logs.add("LOG", String(line));
  expect(logs.lines).toHaveLength(256);
  expect(logs.lines[254]).toBe("[LOG] 254");
  expect(logs.lines[255]).toMatch(/^\[ERROR\] Log overflow/);
});

test("as many lines as fit are not said to be more", () => {
  const logs = new LogLines();
  for (let line = 0; line < 255; line += 1) logs.add("LOG", String(line));
  expect(logs.lines.at(-1)).toBe("[LOG] 254");
});

test("a long line is cut at a whole character", () => {
  const logs = new LogLines();
  logs.add("LOG", "ä".repeat(40_000));
  const [line = ""] = logs.lines;
  expect(Buffer.byteLength(line)).toBe(
    32 * 1024 + "[LOG] ".length + " (truncated due to length)".length,
  );
  expect(line).toMatch(/^\[LOG\] ä+ \(truncated due to length\)$/);
});
