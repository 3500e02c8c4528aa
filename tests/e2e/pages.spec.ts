import { expect, type Page } from "@playwright/test";

import { fillCheckout, payAtPayPal, putInCart } from "../support/checkout-page.ts";
import { findings, overflow } from "../support/page-checks.ts";
import { openPerson, type SharedShop, signInAs, test } from "../support/shared-shop.ts";

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

for (const { width, height, colorScheme } of [LOOKS[0], LOOKS[3]]) {
  test(`SYS-4: axe finds nothing from the cart to the order at ${String(width)} px in ${colorScheme} mode`, async ({
    browser,
    shop,
  }) => {
    test.setTimeout(120_000);
    const page = await openPerson(browser);
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await putInCart(page, shop.publicUrl, "first-light-skillet");
    await checkNow(page, "the cart drawer");
    await page.goto(`${shop.publicUrl}/cart`);
    await checkNow(page, "the cart");
    await fillCheckout(page, shop.publicUrl, "ada.looks@example.com", (step) =>
      checkNow(page, step),
    );
    await payAtPayPal(page, "approve");
    await expect(page).toHaveURL(/VT-\d+/, { timeout: 20_000 });
    await checkNow(page, "the thanks");
    const number = /VT-\d+/.exec(page.url())?.[0] ?? "";
    await page.goto(`${shop.publicUrl}/account/orders/${number}`);
    await checkNow(page, "the order");
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
    await checkNow(page, path);
  }
}

async function checkNow(page: Page, what: string): Promise<void> {
  expect.soft(await findings(page), `axe on ${what}`).toEqual([]);
  expect.soft(await overflow(page), `horizontal overflow on ${what}`).toBe(0);
}
