import { expect } from "vitest";

import type { SEARCH_LIMITS } from "#embedded/lib/limits.ts";
import { text, upTo, type CasesOf, type Scene } from "./limit-case.ts";

export const searchCases: CasesOf<typeof SEARCH_LIMITS> = {
  queryTerms: async (scene, max) => {
    await fill(scene, ["needle"]);
    const hay = (count: number) => Array.from({ length: count }, (_, n) => `hay${n}`).join(" ");
    await expect(found(scene, { words: `${hay(max - 1)} needle` })).resolves.toBe(1);
    await expect(found(scene, { words: `${hay(max)} needle` })).resolves.toBe(0);
  },
  // Not reached by what the other two let through: all words and all completions count.
  expandedTerms: async (scene, max) => {
    const words = Array.from({ length: 15 }, (_, n) => `all${String.fromCharCode(97 + n)}z`);
    const completions = Array.from({ length: 16 }, (_, n) => `most${String.fromCharCode(97 + n)}`);
    await fill(scene, [...words, ...completions]);
    expect(words.length + completions.length).toBeLessThan(max);
    await expect(found(scene, { words: [...words, "most"].join(" ") })).resolves.toBe(31);
  },
  prefixExpansions: async (scene, max) => {
    const longer = (count: number) =>
      Array.from({ length: count }, (_, n) => `prefix${String.fromCharCode(97 + n)}`);
    await fill(scene, longer(max));
    await expect(found(scene, { words: "prefix" })).resolves.toBe(max);
    await fill(scene, longer(max + 1).slice(-1));
    await expect(found(scene, { words: "prefix" })).resolves.toBe(max);
  },
  termBytes: async (scene, max) => {
    await fill(scene, [text(max - 1), "y".repeat(max)]);
    await expect(found(scene, { words: text(max - 1) })).resolves.toBe(1);
    await expect(found(scene, { words: "y".repeat(max) })).resolves.toBe(0);
    await expect(found(scene, { words: "yyyy" })).resolves.toBe(0);
  },
  filtersPerQuery: upTo(
    (scene, filters) => found(scene, { words: "nothing", filters }),
    "Search query against articles.by_body has too many filter conditions. Max: 8 Actual: 9",
  ),
  candidates: async (scene, max) => {
    await fill(
      scene,
      Array.from({ length: max - 1 }, () => "common"),
    );
    await expect(found(scene, { words: "common" })).resolves.toBe(max - 1);
    await fill(scene, ["common"]);
    await expect(found(scene, { words: "common", count: max })).resolves.toBe(max);
    await expect(found(scene, { words: "common" })).rejects.toThrow(
      "Search query scanned too many documents (fetched 1024). Consider using a smaller limit",
    );
  },
  vectorResults: upTo(
    ({ backend }, limit) => backend.run("searches:nearest", { limit }),
    "Vector queries can fetch at most 256 results, requested 257.",
  ),
  vectorConditions: upTo(
    ({ backend }, kinds) => backend.run("searches:nearest", { limit: 1, kinds }),
    "Vector query against points.by_at has too many conditions. Max: 64 Actual: 65",
  ),
};

function fill({ backend }: Scene, bodies: readonly string[]): Promise<unknown> {
  return backend.run("searches:fill", { bodies });
}

function found({ backend }: Scene, args: object): Promise<unknown> {
  return backend.run("searches:found", args);
}
