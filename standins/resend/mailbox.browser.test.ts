import type { Browser } from "@playwright/test";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

import { axeViolations, launchChromium } from "../chromium.fixture.ts";
import { MAIL, startTestStandin } from "./standin.fixture.ts";

vi.setConfig({ testTimeout: 60_000 });

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
}, 60_000);
afterAll(() => browser.close());

test("an open mailbox shows a new mail by itself, and the mail can do nothing", async () => {
  const { url, resend } = await startTestStandin();
  const page = await browser.newPage();
  await page.goto(url);
  await page.getByText("No mail yet.").waitFor();

  await resend.emails.send({
    ...MAIL,
    html: `<h1>Thank you</h1><a href="${url}/list">Order</a><script>document.body.textContent = "ran"</script>`,
    text: `See ${url}/list`,
    attachments: [{ filename: "invoice.pdf", content: Buffer.from("PDF") }],
  });
  await resend.emails.send({ ...MAIL, subject: "<b>Newest</b>" });
  await expect
    .poll(() => page.locator("#mails strong").allTextContents())
    .toEqual(["<b>Newest</b>", "Your order"]);
  await page.getByRole("link", { name: "Your order" }).click();

  const mail = page.frameLocator("iframe");
  await mail.getByRole("heading", { name: "Thank you" }).waitFor();
  expect(await mail.locator("body").innerText()).not.toContain("ran");
  expect(await page.getByRole("link", { name: `${url}/list` }).getAttribute("href")).toBe(
    `${url}/list`,
  );
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "invoice.pdf" }).click(),
  ]);
  expect(download.suggestedFilename()).toBe("invoice.pdf");
  await page.close();
});

test("the mailbox and a mail are accessible, light and dark", async () => {
  const { url, resend } = await startTestStandin();
  const { data } = await resend.emails.send(MAIL);
  const context = await browser.newContext({ bypassCSP: true });
  const page = await context.newPage();

  for (const path of ["/", `/mails/${data!.id}`, "/mails/none"]) {
    await page.goto(`${url}${path}`);
    expect(await axeViolations(page), path).toEqual([]);
  }
  await context.close();
});
