import { type Browser, type Page, test as base } from "@playwright/test";

import { DEMO_ACCOUNTS } from "../../scripts/summary.ts";
import { readRunningShop, type RunningShop } from "./running-shop.ts";

export interface SharedShop extends RunningShop {
  readonly dataFolder: string;
}

/** A test with the shop that the global set-up started. A page's uncaught error fails the test. */
export const test = base.extend<{ shop: SharedShop }>({
  // eslint-disable-next-line no-empty-pattern -- Playwright reads the pattern to know what is needed
  shop: async ({}, provide) => {
    const dataFolder = process.env["SHOP_DATA_FOLDER"];
    if (dataFolder === undefined) throw new Error("The shop was not started");
    await provide({ ...readRunningShop(dataFolder), dataFolder });
  },
  page: async ({ page, shop }, provide) => {
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(error.message));
    await page.goto(shop.publicUrl);
    await provide(page);
    if (errors.length > 0) throw new Error(`Uncaught on the page: ${errors.join("; ")}`);
  },
});

/** A browser of its own: other cookies, another person. */
export async function openPerson(browser: Browser): Promise<Page> {
  const context = await browser.newContext();
  return context.newPage();
}

export async function signInAs(
  page: Page,
  shop: SharedShop,
  role: keyof typeof DEMO_ACCOUNTS,
): Promise<void> {
  await page.goto(`${shop.publicUrl}/sign-in`);
  await page.getByLabel("E-mail").fill(DEMO_ACCOUNTS[role]);
  await page.getByLabel("Password", { exact: true }).fill(shop.demoPasswords[role]);
  await page.getByRole("main").getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL((url) => url.pathname !== "/sign-in");
}
