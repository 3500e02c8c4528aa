import { expect } from "@playwright/test";

import { openPerson, signInAs, test } from "../support/shared-shop.ts";

const TEAPOT = "/p/ember-stoneware-teapot";

test("CRT-1, CRT-2: a change in one tab shows in the other, and the badge with it", async ({
  browser,
  shop,
}) => {
  const first = await openPerson(browser);
  await first.goto(`${shop.publicUrl}${TEAPOT}`);
  await first.getByRole("button", { name: "Add to cart" }).first().click();
  await expect(first.getByRole("link", { name: "Cart, 1 piece" })).toBeVisible();
  const second = await first.context().newPage();
  await first.goto(`${shop.publicUrl}/cart`);
  await second.goto(`${shop.publicUrl}/cart`);
  await expect(second.getByText("The same in every tab")).toBeVisible();

  await first.getByRole("button", { name: "One more" }).click();
  await expect(second.getByRole("textbox", { name: /Quantity of Ember/ })).toHaveValue("2");
  await expect(second.getByRole("link", { name: "Cart, 2 pieces" })).toBeVisible();
  await second.getByRole("button", { name: /Remove Ember/ }).click();
  await expect(first.getByText("Your cart is empty")).toBeVisible();
  await second.getByRole("button", { name: "Undo" }).click();
  await expect(first.getByRole("link", { name: "Cart, 2 pieces" })).toBeVisible();
});

test("ACC-8: a guest's cart is the account's cart after signing in", async ({ browser, shop }) => {
  const page = await openPerson(browser);
  await page.goto(`${shop.publicUrl}/p/first-light-skillet`);
  await page.getByRole("button", { name: "Add to cart" }).first().click();
  await expect(page.getByRole("link", { name: "Cart, 1 piece" })).toBeVisible();
  await signInAs(page, shop, "client");
  await page.goto(`${shop.publicUrl}/cart`);
  await expect(page.getByRole("heading", { name: "First Light Skillet" })).toBeVisible();
});

test("ACC-3: signing in on one tab shows on the other", async ({ browser, shop }) => {
  const first = await openPerson(browser);
  const second = await first.context().newPage();
  await second.goto(shop.publicUrl);
  await expect(second.getByRole("banner").getByRole("link", { name: "Sign in" })).toBeVisible();
  await signInAs(first, shop, "client");
  await expect(second.getByRole("banner").getByRole("link", { name: /account/i })).toBeVisible();
});
