import { expect } from "@playwright/test";

import { DEMO_ACCOUNTS } from "../../scripts/summary.ts";
import { test } from "../support/shared-shop.ts";

test.use({ javaScriptEnabled: false });

test("SHP-2: without scripts one browses, loads more and searches", async ({ page, shop }) => {
  await page.getByRole("banner").getByRole("link", { name: "Kitchen & Table" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Kitchen & Table" })).toBeVisible();
  await page.goto(`${shop.publicUrl}/c`);
  const cards = page.getByRole("main").getByRole("listitem").filter({ hasText: "€" });
  const shown = await cards.count();
  await page
    .getByRole("link", { name: /more|next/i })
    .last()
    .click();
  await expect(page.getByRole("main")).toContainText("€");
  expect(await cards.count()).toBeGreaterThan(0);
  expect(shown).toBeGreaterThan(0);

  await page.goto(`${shop.publicUrl}/search`);
  await page.getByRole("main").getByRole("searchbox").fill("teapot");
  await page.getByRole("main").getByRole("button", { name: "Search" }).click();
  await expect(page.getByRole("link", { name: /Ember Stoneware Teapot/ }).first()).toBeVisible();
});

test("CRT-1: without scripts the cart is filled, changed and emptied", async ({ page, shop }) => {
  await page.goto(`${shop.publicUrl}/p/ember-stoneware-teapot`);
  await page.getByRole("button", { name: "Add to cart" }).first().click();
  await page.goto(`${shop.publicUrl}/cart`);
  const quantity = page.getByRole("textbox", { name: /Quantity of Ember/ });
  await expect(quantity).toHaveValue("1");
  await quantity.fill("3");
  await page.getByRole("button", { name: "Update" }).click();
  await expect(page.getByRole("textbox", { name: /Quantity of Ember/ })).toHaveValue("3");
  await page.getByRole("button", { name: /Remove Ember/ }).click();
  await expect(page.getByText("Your cart is empty")).toBeVisible();
});

test("ACC-3: without scripts one signs in and out, and a wrong password keeps what was typed", async ({
  page,
  shop,
}) => {
  await page.goto(`${shop.publicUrl}/sign-in`);
  await page.getByLabel("E-mail").fill(DEMO_ACCOUNTS.client);
  await page.getByLabel("Password", { exact: true }).fill("not the password");
  await page.getByRole("main").getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByText(/do not go together/)).toBeVisible();
  await expect(page.getByLabel("E-mail")).toHaveValue(DEMO_ACCOUNTS.client);
  await page.getByLabel("Password", { exact: true }).fill(shop.demoPasswords.client);
  await page.getByRole("main").getByRole("button", { name: "Sign in" }).click();
  await expect(page).not.toHaveURL(/sign-in/);
  await page.goto(`${shop.publicUrl}/sign-out`);
  await page.getByRole("main").getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("banner").getByRole("link", { name: "Sign in" })).toBeVisible();
});
