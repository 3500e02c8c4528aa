import { expect, type Page } from "@playwright/test";

import { openPerson, signInAs, test } from "../support/shared-shop.ts";

test("ADM-5: the counts of orders follow a step that a colleague takes, without a reload", async ({
  browser,
  shop,
}) => {
  const manager = await openPerson(browser);
  await signInAs(manager, shop, "manager");
  await manager.goto(`${shop.publicUrl}/admin/orders`);
  const loadedAt = await manager.evaluate(() => performance.timeOrigin);
  const before = {
    paid: await countOf(manager, "Paid"),
    packed: await countOf(manager, "Being packed"),
  };

  const agent = await openPerson(browser);
  await signInAs(agent, shop, "agent");
  await agent.goto(`${shop.publicUrl}/admin/orders?status=paid`);
  await agent.getByRole("table").getByRole("link").first().click();
  await agent.getByRole("button", { name: "Start packing" }).click();

  await expect.poll(() => countOf(manager, "Paid")).toBe(before.paid - 1);
  await expect.poll(() => countOf(manager, "Being packed")).toBe(before.packed + 1);
  expect(await manager.evaluate(() => performance.timeOrigin)).toBe(loadedAt);
  // Whoever stays on the order is seen there by the next test.
  await agent.context().close();
});

test("ADM-5: colleagues on one order see each other, until one leaves", async ({
  browser,
  shop,
}) => {
  const manager = await openPerson(browser);
  await signInAs(manager, shop, "manager");
  await manager.goto(`${shop.publicUrl}/admin/orders`);
  await manager.getByRole("table").getByRole("link").first().click();
  await expect(manager.getByRole("heading", { level: 1, name: /^VT-/ })).toBeVisible();
  const agent = await openPerson(browser);
  await signInAs(agent, shop, "agent");
  await agent.goto(manager.url());

  const others = /has this open too/;
  await expect(manager.getByText(others)).toBeVisible();
  await expect(agent.getByText(others)).toBeVisible();

  await agent.getByRole("link", { name: "Products" }).first().click();
  await expect(manager.getByText(others)).toBeHidden();
});

/** The figure on a filter of the order list. */
async function countOf(page: Page, state: string): Promise<number> {
  const filter = page
    .getByRole("navigation", { name: "Status" })
    .getByRole("link", { name: new RegExp(`^${state}\\s*\\d`) });
  return Number.parseInt((await filter.innerText()).replace(/\D/g, ""), 10);
}
