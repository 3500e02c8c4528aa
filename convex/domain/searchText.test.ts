import { expect, test } from "vitest";

import { foldText, searchQuery } from "./searchText.ts";

test("SHP-3: letters are compared without marks and case", () => {
  expect(foldText("Café Crème")).toBe("cafe creme");
  expect(foldText("Straße")).toBe("strasse");
  expect(foldText("Bergström Ærø")).toBe("bergstrom aero");
});

test("SHP-3: a query keeps its words, at most eight, and drops everything else", () => {
  expect(searchQuery("  Crème-brûlée?! ")).toBe("creme brulee");
  expect(searchQuery("'; DROP TABLE--")).toBe("drop table");
  expect(searchQuery("a b c d e f g h i j")).toBe("a b c d e f g h");
  expect(searchQuery("?!")).toBe("");
  expect(searchQuery("x".repeat(100_000))).toHaveLength(100);
});
