import fc from "fast-check";
import { expect, test } from "vitest";

import { queryTerms, tokenize } from "./tokenizer.ts";

test("terms are runs of letters and digits in lower case, with repetitions", () => {
  expect(tokenize("Oak-table, 2nd OAK (ÄÖ) 日本 x_y")).toEqual([
    "oak",
    "table",
    "2nd",
    "oak",
    "äö",
    "日本",
    "x",
    "y",
  ]);
  expect(tokenize(" ?! ")).toEqual([]);
});

test("words of 32 bytes or more are no terms", () => {
  expect(
    tokenize(`${"a".repeat(31)} ${"b".repeat(32)} ${"é".repeat(15)} ${"é".repeat(16)}`),
  ).toEqual(["a".repeat(31), "é".repeat(15)]);
});

test("every beginning of a word is a beginning of its term", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("Σ", "σ", "a", "É"), minLength: 1 }), (word) => {
      const [term] = tokenize(word);
      const [start] = tokenize(word.slice(0, Math.ceil(word.length / 2)));
      if (term !== undefined && start !== undefined) expect(term.startsWith(start)).toBe(true);
    }),
  );
});

test("a query has sixteen terms at most, each once, the last one as a prefix", () => {
  expect(queryTerms("red chair red")).toEqual([
    { text: "red", isPrefix: true },
    { text: "chair", isPrefix: false },
  ]);
  const long = Array.from({ length: 20 }, (_, n) => `w${n}`).join(" ");
  const terms = queryTerms(long);
  expect(terms).toHaveLength(16);
  expect(terms[15]).toEqual({ text: "w15", isPrefix: true });
  expect(queryTerms("")).toEqual([]);
});
