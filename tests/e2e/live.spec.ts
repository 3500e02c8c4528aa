import { expect, type Page } from "@playwright/test";

import { api } from "#convex/_generated/api.js";

import { DEMO_ACCOUNTS } from "../../scripts/summary.ts";
import { findVariant, signInPerson, type Visitor } from "../support/api-shopper.ts";
import { type SharedShop, test } from "../support/shared-shop.ts";

const SLUG = "longwave-table-radio";

function manager(shop: SharedShop): Promise<Visitor> {
  return signInPerson(shop, shop.dataFolder, {
    email: DEMO_ACCOUNTS.manager,
    password: shop.demoPasswords.manager,
  });
}

test("SHP-4: an open product page shows a new price and a new stock count without a reload", async ({
  page,
  shop,
}) => {
  const { client } = await manager(shop);
  const { id: variantId } = await findVariant(client, SLUG);
  await page.goto(`${shop.publicUrl}/p/${SLUG}`);
  const loads = await documentStart(page);
  const product = await client.query(api.shop.products.get, { slug: SLUG });
  if (product === null || "movedTo" in product) throw new Error("The product is gone");
  const price = product.price.amount;

  await client.mutation(api.admin.products.setPrice, {
    variantId,
    price: 12_345,
    compareAtPrice: null,
    expected: price,
  });
  await expect(page.getByText("€123.45").first()).toBeVisible();
  await client.mutation(api.admin.products.adjustStock, {
    variantId,
    setTo: 77,
    reason: "Counted anew",
  });
  await expect(page.getByText("77 in stock")).toBeVisible();
  expect(await documentStart(page)).toBe(loads);

  await client.mutation(api.admin.products.setPrice, {
    variantId,
    price,
    compareAtPrice: null,
    expected: 12_345,
  });
});

test("SHP-2: an open category list shows a product selling out", async ({ page, shop }) => {
  const { client } = await manager(shop);
  const { id: variantId, available } = await findVariant(client, "back-garden-telescope");
  await page.goto(`${shop.publicUrl}/search?q=telescope`);
  const card = page.getByRole("listitem").filter({ hasText: "Telescope" }).first();
  await expect(card).toBeVisible();
  await client.mutation(api.admin.products.adjustStock, {
    variantId,
    setTo: 0,
    reason: "Broken in the store room",
  });
  await expect(card.getByText("Sold out")).toBeVisible();
  await client.mutation(api.admin.products.adjustStock, {
    variantId,
    setTo: available,
    reason: "Mended",
  });
  await expect(card.getByText("Sold out")).toBeHidden();
});

/** When this document began: a reload would make another. */
async function documentStart(page: Page): Promise<string> {
  return page.evaluate(() => String(performance.timeOrigin));
}
