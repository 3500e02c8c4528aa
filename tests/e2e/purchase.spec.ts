import { expect } from "@playwright/test";
import * as z from "zod";

import { fillCheckout, payAtPayPal, putInCart } from "../support/checkout-page.ts";
import { openPerson, signInAs, test } from "../support/shared-shop.ts";

const SLUG = "contact-sheet-film-camera";

const vMailbox = z.object({
  mails: z.array(z.looseObject({ to: z.array(z.string()), subject: z.string() })),
});

test("ORD-6: a purchase, seen live by another shopper, shipped by a manager, without a reload", async ({
  browser,
  shop,
}) => {
  test.setTimeout(120_000);
  const shopper = await openPerson(browser);
  const watcher = await openPerson(browser);
  const manager = await openPerson(browser);
  await watcher.goto(`${shop.publicUrl}/p/${SLUG}`);
  const stock = watcher.getByText(/\d+ (in stock|left)/).first();
  const before = Number.parseInt(await stock.innerText(), 10);
  const watcherDocument = await watcher.evaluate(() => performance.timeOrigin);

  await putInCart(shopper, shop.publicUrl, SLUG);
  await fillCheckout(shopper, shop.publicUrl, "ada.purchase@example.com");
  await payAtPayPal(shopper, "approve");
  await expect(shopper).toHaveURL(/VT-\d+/, { timeout: 20_000 });
  const number = /VT-\d+/.exec(shopper.url())?.[0] ?? "";

  await expect(stock).toContainText(String(before - 1));
  expect(await watcher.evaluate(() => performance.timeOrigin)).toBe(watcherDocument);

  await shopper.goto(`${shop.publicUrl}/account/orders/${number}`);
  await expect(shopper.getByRole("heading", { level: 1, name: "Paid" })).toBeVisible();
  const shopperDocument = await shopper.evaluate(() => performance.timeOrigin);
  await signInAs(manager, shop, "manager");
  await manager.goto(`${shop.publicUrl}/admin/orders/${number}`);
  await manager.getByRole("button", { name: "Start packing" }).click();
  await expect(shopper.getByRole("heading", { level: 1, name: /pack/i })).toBeVisible();
  await manager.getByLabel("Carrier").fill("DHL");
  await manager.getByLabel("Tracking number").fill("00340434161094042557");
  await manager.getByRole("button", { name: "Hand to the carrier" }).click();
  await expect(shopper.getByRole("heading", { level: 1, name: /on its way/i })).toBeVisible();
  await expect(shopper.getByText("00340434161094042557").first()).toBeVisible();
  expect(await shopper.evaluate(() => performance.timeOrigin)).toBe(shopperDocument);

  await expect
    .poll(async () => subjectsFor(shop.mailboxUrl, "ada.purchase@example.com"), {
      timeout: 30_000,
    })
    .toEqual(expect.arrayContaining([expect.stringContaining(number)]));
});

test("ORD-4: a declined payment says so, charges nothing, and can be tried again", async ({
  browser,
  shop,
}) => {
  const page = await openPerson(browser);
  await putInCart(page, shop.publicUrl, "patient-kitchen-timer");
  await fillCheckout(page, shop.publicUrl, "ada.declined@example.com");
  await payAtPayPal(page, "decline");
  await expect(page.getByRole("alert").filter({ hasText: /declined/ })).toBeVisible();
  await payAtPayPal(page, "approve");
  await expect(page).toHaveURL(/VT-\d+/, { timeout: 20_000 });
});

test("ORD-4: a pending payment is not called paid", async ({ browser, shop }) => {
  const page = await openPerson(browser);
  await putInCart(page, shop.publicUrl, "patient-kitchen-timer");
  await fillCheckout(page, shop.publicUrl, "ada.pending@example.com");
  await payAtPayPal(page, "pending");
  await expect(page).toHaveURL(/VT-\d+/, { timeout: 20_000 });
  const number = /VT-\d+/.exec(page.url())?.[0] ?? "";
  await page.goto(`${shop.publicUrl}/account/orders/${number}`);
  await expect(page.getByRole("heading", { level: 1 })).not.toHaveText("Paid");
});

test("ORD-4: walking away from PayPal charges nothing and keeps everything that was entered", async ({
  browser,
  shop,
}) => {
  const page = await openPerson(browser);
  await putInCart(page, shop.publicUrl, "patient-kitchen-timer");
  await fillCheckout(page, shop.publicUrl, "ada.cancelled@example.com");
  await payAtPayPal(page, "cancel");
  await expect(page.getByText("ada.cancelled@example.com")).toBeVisible();
  await payAtPayPal(page, "approve");
  await expect(page).toHaveURL(/VT-\d+/, { timeout: 20_000 });
});

async function subjectsFor(mailboxUrl: string, address: string): Promise<string[]> {
  const response = await fetch(`${mailboxUrl}/_standin/state`);
  const { mails } = vMailbox.parse(await response.json());
  return mails.filter(({ to }) => to.includes(address)).map(({ subject }) => subject);
}
