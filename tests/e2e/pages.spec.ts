import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { expect, type Page } from "@playwright/test";
import type axe from "axe-core";

import { openPerson, type SharedShop, signInAs, test } from "../support/shared-shop.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const VISITOR_PAGES = [
  "/",
  "/c",
  "/c/kitchen",
  "/search",
  "/search?q=teapot",
  "/search?q=zzzzzz",
  "/p/ember-stoneware-teapot",
  "/p/no-such-thing",
  "/nowhere",
  "/cart",
  "/sign-in",
  "/register",
  "/dev/components",
];

const MANAGER_PAGES = ["/admin/products", "/admin/orders", "/account", "/account/orders"];

const LOOKS = [
  { width: 1280, height: 900, colorScheme: "light" },
  { width: 1280, height: 900, colorScheme: "dark" },
  { width: 390, height: 844, colorScheme: "light" },
  { width: 390, height: 844, colorScheme: "dark" },
] as const;

for (const { width, height, colorScheme } of LOOKS) {
  test(`SYS-4: axe finds nothing and nothing overflows at ${String(width)} px in ${colorScheme} mode, as a visitor`, async ({
    browser,
    shop,
  }) => {
    test.setTimeout(240_000);
    const page = await openPerson(browser);
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await checkPages(page, shop, VISITOR_PAGES);
  });

  test(`SYS-4: axe finds nothing and nothing overflows at ${String(width)} px in ${colorScheme} mode, as a manager`, async ({
    browser,
    shop,
  }) => {
    test.setTimeout(240_000);
    const page = await openPerson(browser);
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await signInAs(page, shop, "manager");
    await checkPages(page, shop, MANAGER_PAGES);
  });
}

test("SYS-4: every page fits a screen of 320 px", async ({ browser, shop }) => {
  test.setTimeout(240_000);
  const page = await openPerson(browser);
  await page.setViewportSize({ width: 320, height: 640 });
  for (const path of VISITOR_PAGES.filter((path) => !path.startsWith("/dev/"))) {
    await page.goto(shop.publicUrl + path);
    expect(await overflow(page), path).toBe(0);
  }
});

async function checkPages(page: Page, shop: SharedShop, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    await page.goto(shop.publicUrl + path);
    expect.soft(await findings(page), `axe on ${path}`).toEqual([]);
    expect.soft(await overflow(page), `horizontal overflow on ${path}`).toBe(0);
  }
}

async function findings(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() =>
    (Reflect.get(window, "axe") as typeof axe).run({
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }),
  );
  return violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.target.join(" ")}`),
  );
}

function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
}
