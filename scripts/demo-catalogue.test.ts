import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

import { readDemoCatalogue } from "./demo-catalogue.ts";

const NOW = 1_800_000_000_000;
const root = join(import.meta.dirname, "..");
const catalogue = readDemoCatalogue(join(root, "scripts/demo"), NOW);

test("SYS-1: the demo catalogue is complete and what it refers to exists", () => {
  expect(catalogue.products).toHaveLength(96);
  expect(catalogue.reviews).toHaveLength(400);
  expect(catalogue.people).toHaveLength(46);
  expect(catalogue.orders).toHaveLength(260);
  const categories = new Set(catalogue.categories.map(({ slug }) => slug));
  const products = new Set(catalogue.products.map(({ slug }) => slug));
  expect(catalogue.products.filter(({ categorySlug }) => !categories.has(categorySlug))).toEqual(
    [],
  );
  expect(catalogue.reviews.filter(({ productSlug }) => !products.has(productSlug))).toEqual([]);
  const missing = catalogue.pictureFiles.filter(
    (file) => !existsSync(join(root, "public/demo", file)),
  );
  expect(missing).toEqual([]);
});

test("SYS-1: parents come before their children", () => {
  const seen = new Set<string | null>([null]);
  for (const { slug, parentSlug } of catalogue.categories) {
    expect(seen).toContain(parentSlug);
    seen.add(slug);
  }
});

test("SYS-1: every variant has a picture of its product, and a product without options one variant", () => {
  for (const { pictures, variants, options } of catalogue.products) {
    expect(variants.every(({ pictureIndex }) => pictures[pictureIndex] !== undefined)).toBe(true);
    if (options.length === 0) expect(variants).toHaveLength(1);
  }
});

test("neighbours within a category have different tints", () => {
  const kitchen = catalogue.products.filter(({ categorySlug }) => categorySlug === "kitchen");
  expect(new Set(kitchen.slice(0, 8).map(({ tint }) => tint)).size).toBe(8);
});

test("SYS-1: past orders lie in the past, the oldest first, and their timelines run forward", () => {
  const placedAt = catalogue.orders.map(({ timeline }) => timeline[0]!.at);
  expect(placedAt).toEqual([...placedAt].sort((a, b) => a - b));
  for (const { timeline } of catalogue.orders) {
    const moments = timeline.map(({ at }) => at);
    expect(moments).toEqual([...moments].sort((a, b) => a - b));
    expect(Math.max(...moments)).toBeLessThanOrEqual(NOW);
  }
});
