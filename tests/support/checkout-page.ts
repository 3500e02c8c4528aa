import { expect, type Page } from "@playwright/test";

/** Outcomes that a buyer can choose in the PayPal stand-in's window, by the words on its buttons. */
const PAYPAL_BUTTONS = {
  approve: /^Pay €/,
  decline: "Decline",
  pending: "Leave pending",
  cancel: "Cancel and go back",
} as const;

export async function putInCart(page: Page, shopUrl: string, slug: string): Promise<void> {
  await page.goto(`${shopUrl}/p/${slug}`);
  await page.getByRole("button", { name: "Add to cart" }).first().click();
  await expect(page.getByRole("dialog", { name: /Cart/ })).toBeVisible();
}

/** Contact, address and delivery as a guest; ends at the payment step. `onStep` sees each step before it is filled in. */
export async function fillCheckout(
  page: Page,
  shopUrl: string,
  email: string,
  onStep: (step: string) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  await page.goto(`${shopUrl}/checkout`);
  await onStep("contact");
  await page.getByLabel("Name").first().fill("Ada Tester");
  await page.getByLabel("E-mail").fill(email);
  await goOn(page);
  await expect(page.getByRole("heading", { level: 1, name: "Address" })).toBeVisible();
  await onStep("address");
  await page.getByLabel("Street and number").fill("Lindenweg 14");
  await page.getByLabel("Postal code").fill("50667");
  await page.getByLabel("City").fill("Köln");
  await page.getByLabel("Country").selectOption("DE");
  await goOn(page);
  await expect(page.getByRole("heading", { level: 1, name: "Delivery" })).toBeVisible();
  await onStep("delivery");
  await goOn(page);
  await expect(page.getByRole("heading", { level: 1, name: "Payment" })).toBeVisible();
  await onStep("payment");
}

/** Pays through the stand-in's window and chooses what happens there. */
export async function payAtPayPal(page: Page, outcome: keyof typeof PAYPAL_BUTTONS): Promise<void> {
  const opened = page.waitForEvent("popup");
  await page.getByRole("button", { name: /^Pay €/ }).click();
  const window = await opened;
  const closed = window.waitForEvent("close");
  const name = PAYPAL_BUTTONS[outcome];
  await window.getByRole("button", { name, exact: true }).click();
  await closed;
}

function goOn(page: Page): Promise<void> {
  return page
    .getByRole("main")
    .getByRole("button", { name: /^(Go on|Continue)/ })
    .click();
}
