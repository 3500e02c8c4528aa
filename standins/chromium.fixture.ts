import { createRequire } from "node:module";

import { chromium, type Browser, type Page } from "@playwright/test";
import type { AxeResults } from "axe-core";

const axePath = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** `CHROMIUM_PATH`, or Debian's; an empty one is Playwright's own. */
export function launchChromium(): Promise<Browser> {
  const executablePath = process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium";
  return chromium.launch({
    ...(executablePath !== "" && { executablePath }),
    args: ["--no-sandbox", "--disable-gpu"],
  });
}

/** Rules that a page breaks in light and in dark; its context must bypass the page's CSP. */
export async function axeViolations(page: Page): Promise<string[]> {
  const found: string[] = [];
  await page.addScriptTag({ path: axePath });
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    const { violations } = await page.evaluate<AxeResults>("axe.run()");
    found.push(
      ...violations.map(({ id, nodes }) => `${colorScheme} ${id}: ${nodes[0]?.html ?? ""}`),
    );
  }
  return found;
}
