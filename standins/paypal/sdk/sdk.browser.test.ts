import { fileURLToPath } from "node:url";

import type { Browser, Page } from "@playwright/test";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";

import { axeViolations, launchChromium } from "../../chromium.fixture.ts";
import { listen } from "../../http.ts";
import { CLIENT_ID, startTestStandin } from "../standin.fixture.ts";

vi.setConfig({ testTimeout: 60_000 });

let browser: Browser;
let bundle: string;

beforeAll(async () => {
  browser = await launchChromium();
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("./shop-page.fixture.tsx", import.meta.url))],
    bundle: true,
    write: false,
    format: "iife",
    jsx: "automatic",
    define: { "process.env.NODE_ENV": '"production"' },
  });
  bundle = outputFiles[0]!.text;
}, 60_000);
afterAll(() => browser.close());

test("the official React button opens a window and tells the shop of the approval", async () => {
  const { page, button, standin } = await openShop();

  const [popup] = await Promise.all([page.waitForEvent("popup"), button.click()]);
  await page.getByRole("dialog", { name: "PayPal" }).waitFor();
  await popup.getByRole("button", { name: "Pay €250.00" }).click();

  const orderId = await newestOrderId(standin.url);
  expect(await callsOf(page, 2)).toEqual([
    ["approve", { orderId, payerId: expect.any(String), fundingSource: "paypal" }],
    ["complete", "approved"],
  ]);
  expect(popup.isClosed()).toBe(true);
  expect(await page.getByRole("dialog", { name: "PayPal" }).count()).toBe(0);
  expect(await standin.capture(orderId)).toMatchObject({ status: 201 });
});

test("cancelling in the window, closing it and cancelling in the shop all cancel", async () => {
  const { page, button } = await openShop();
  const ways: ((popup: Page) => Promise<void>)[] = [
    (popup) => popup.getByRole("button", { name: "Cancel and go back" }).click(),
    (popup) => popup.close(),
    () => page.getByRole("dialog", { name: "PayPal" }).getByRole("button").click(),
  ];

  for (const [index, cancel] of ways.entries()) {
    const [popup] = await Promise.all([page.waitForEvent("popup"), button.click()]);
    await popup.getByRole("button", { name: "Cancel and go back" }).waitFor();
    await cancel(popup);
    const calls = await callsOf(page, 2 * (index + 1));
    expect(calls.slice(-2)).toEqual([
      ["cancel", { orderId: expect.any(String) }],
      ["complete", "canceled"],
    ]);
  }
});

test("without a window the page shows PayPal in itself", async () => {
  const { page, button } = await openShop({ script: "window.open = () => null;" });

  await button.click();
  await page.frameLocator("iframe[title=PayPal]").getByRole("button", { name: "Decline" }).click();

  expect(await callsOf(page, 2)).toMatchObject([
    ["approve", {}],
    ["complete", "approved"],
  ]);
  expect(await page.locator("iframe").count()).toBe(0);
});

test("an order that the shop cannot make is an error, and the button works again", async () => {
  const { page, button, failOrders } = await openShop({ mode: "modal" });

  failOrders(true);
  await button.click();
  expect(await callsOf(page, 2)).toEqual([
    ["error", "The shop made no order."],
    ["complete", "error"],
  ]);
  failOrders(false);
  await button.click();
  await page.frameLocator("iframe").getByRole("button", { name: "Pay €250.00" }).waitFor();
});

test("a shop with another client id gets no button that works", async () => {
  const { page, button } = await openShop({ clientId: "someone-else" });

  await expect.poll(() => button.isDisabled()).toBe(true);
  expect(await page.evaluate(() => window.calls)).toEqual([]);
});

test("the shop's button, the buyer's page and the overview are accessible", async () => {
  const { page, button, standin } = await openShop({ bypassCSP: true });
  await standin.paidCapture();
  const orderId = await standin.createOrder();

  await button.waitFor();
  expect(await axeViolations(page)).toEqual([]);
  for (const path of [`/checkoutnow?token=${orderId}`, "/checkoutnow/opening", "/"]) {
    await page.goto(`${standin.url}${path}`);
    expect(await axeViolations(page), path).toEqual([]);
    await page.setViewportSize({ width: 390, height: 800 });
    expect(
      await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth),
      path,
    ).toBe(true);
  }
});

/** A shop at an address of its own, under a policy that allows the stand-in what PayPal needs. */
async function openShop({
  mode = "auto",
  clientId = CLIENT_ID,
  script = "",
  bypassCSP = false,
} = {}) {
  const standin = await startTestStandin();
  let mayOrder = true;
  const policy = `default-src 'self'; script-src 'self' 'unsafe-inline' ${standin.url}; frame-src ${standin.url}; style-src 'self'`;
  const html = `<!doctype html><html lang="en"><title>Shop</title><link rel="icon" href="data:,">
    <main><h1>Checkout</h1><div id="root"></div></main>
    <script>${script}</script><script src="${standin.url}/standin.js"></script><script src="/shop.js"></script>`;
  const server = await listen(
    { port: 0, host: "127.0.0.1", maxBodyBytes: 1_000, log: () => undefined },
    async ({ path }) => {
      if (path === "/shop.js") return reply("text/javascript", bundle);
      if (path !== "/order") return reply("text/html", html, { "content-security-policy": policy });
      if (!mayOrder) return { status: 500 };
      return reply("application/json", JSON.stringify({ orderId: await standin.createOrder() }));
    },
  );
  const context = await browser.newContext({ bypassCSP });
  const page = await context.newPage();
  const foreign: string[] = [];
  context.on("request", (request) => {
    if (!/^(http:\/\/127\.0\.0\.1:|data:)/.test(request.url())) foreign.push(request.url());
  });
  onTestFinished(async () => {
    await context.close();
    await server.close();
    expect(foreign).toEqual([]);
  });
  await page.goto(`${server.url}/?${new URLSearchParams({ mode, clientId }).toString()}`);
  return {
    standin,
    page,
    button: page.getByRole("button", { name: "Pay with PayPal" }),
    failOrders: (doesFail: boolean) => {
      mayOrder = !doesFail;
    },
  };
}

function reply(contentType: string, body: string, headers: Record<string, string> = {}) {
  return { status: 200, headers: { "content-type": contentType, ...headers }, body };
}

async function callsOf(page: Page, count: number): Promise<unknown[][]> {
  await expect.poll(() => page.evaluate(() => window.calls.length), { timeout: 5_000 }).toBe(count);
  return page.evaluate(() => window.calls);
}

async function newestOrderId(url: string): Promise<string> {
  const state = (await (await fetch(`${url}/_standin/state`)).json()) as {
    orders: { id: string }[];
  };
  return state.orders[0]!.id;
}
