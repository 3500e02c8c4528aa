import { expect } from "@playwright/test";
import { ConvexError } from "convex/values";

import { api } from "#convex/_generated/api.js";
import type { Id } from "#convex/_generated/dataModel.js";

import { DEMO_ACCOUNTS } from "../../scripts/summary.ts";
import {
  findVariant,
  payWithPayPal,
  prepareCheckout,
  signInGuest,
  signInPerson,
  type Visitor,
} from "../support/api-shopper.ts";
import { test } from "../support/shared-shop.ts";

const SHOPPERS = 20;
const UNITS = 3;
const SLUG = "half-past-field-watch";

test("ORD-3: twenty shoppers racing for the last three units end in exactly three paid orders and no stock", async ({
  shop,
}) => {
  const manager = await signInPerson(shop, shop.dataFolder, {
    email: DEMO_ACCOUNTS.manager,
    password: shop.demoPasswords.manager,
  });
  const { id: variantId } = await findVariant(manager.client, SLUG);
  await manager.client.mutation(api.admin.products.adjustStock, {
    variantId,
    setTo: UNITS,
    reason: "Counted anew for the race",
  });
  const shoppers = await Promise.all(
    Array.from({ length: SHOPPERS }, (_, index) =>
      signInGuest(shop, shop.dataFolder, `192.0.2.${String(index + 1)}`),
    ),
  );
  const quotes = await Promise.all(shoppers.map((shopper) => prepareCheckout(shopper, variantId)));

  const outcomes = await Promise.all(
    shoppers.map((shopper, index) => buy(shopper, quotes[index]?.quoteVersion ?? "")),
  );

  expect(outcomes.filter((outcome) => outcome === "paid")).toHaveLength(UNITS);
  expect(outcomes.filter((outcome) => outcome === "OUT_OF_STOCK")).toHaveLength(SHOPPERS - UNITS);
  expect((await findVariant(manager.client, SLUG)).available).toBe(0);
});

/** `paid`, another status of the payment, or the code of the shop's refusal. */
async function buy(shopper: Visitor, quoteVersion: string): Promise<string> {
  let paymentId: Id<"payments">;
  try {
    ({ paymentId } = await shopper.client.mutation(api.shop.checkout.begin, {
      quoteVersion,
      paymentMethod: "paypal",
    }));
  } catch (error) {
    if (error instanceof ConvexError) return String(Reflect.get(Object(error.data), "code"));
    throw error;
  }
  return payWithPayPal(shopper, paymentId);
}
