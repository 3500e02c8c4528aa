import { once } from "node:events";
import { rmSync } from "node:fs";

import { expect, test, type Page } from "@playwright/test";
import type { ConvexHttpClient } from "convex/browser";

import { api } from "#convex/_generated/api.js";
import type { Id } from "#convex/_generated/dataModel.js";

import { DEMO_ACCOUNTS } from "../../scripts/summary.ts";
import { findVariant, signInPerson } from "../support/api-shopper.ts";
import { findBackendPid } from "../support/backend-process.ts";
import { startShop, temporaryDataFolder } from "../support/running-shop.ts";

const SLUGS = [
  "ember-stoneware-teapot",
  "first-light-skillet",
  "longwave-table-radio",
  "kestrel-dining-chair",
] as const;
const WATCHED = SLUGS[0];
/** Enough that the kill comes in the middle of a stream. */
const ACKNOWLEDGED_BEFORE_KILL = 40;

test("SYS-6: after kill -9 in a stream of mutations every acknowledged write is there and open pages come back right", async ({
  page,
}) => {
  test.setTimeout(300_000);
  const dataFolder = temporaryDataFolder();
  let shop = await startShop(dataFolder);
  try {
    const port = new URL(shop.publicUrl).port;
    const manager = await signInPerson(shop, dataFolder, {
      email: DEMO_ACCOUNTS.manager,
      password: shop.demoPasswords.manager,
    });
    const streams = await Promise.all(
      SLUGS.map(async (slug) => {
        const variant = await findVariant(manager.client, slug);
        return { slug, id: variant.id, before: variant.available, acknowledged: 0 };
      }),
    );
    await page.goto(`${shop.publicUrl}/p/${WATCHED}`);

    let enough: () => void = () => undefined;
    const underWay = new Promise<void>((resolve) => (enough = resolve));
    const count = () => {
      const total = streams.reduce((sum, stream) => sum + stream.acknowledged, 0);
      if (total >= ACKNOWLEDGED_BEFORE_KILL) enough();
    };
    const ended = Promise.all(
      streams.map((stream) =>
        addUnits(manager.client, stream.id, () => {
          stream.acknowledged += 1;
          count();
        }),
      ),
    );
    await underWay;
    const launcherEnded = once(shop.launcher, "exit");
    process.kill(findBackendPid(dataFolder), "SIGKILL");
    await ended;
    expect((await launcherEnded)[0]).toBe(1);

    shop = await startShop(dataFolder, { PORT: port });
    for (const { slug, before, acknowledged } of streams) {
      const { available } = await findVariant(manager.client, slug);
      // One addition may have reached the disk without its answer reaching us.
      expect([before + acknowledged, before + acknowledged + 1]).toContain(available);
    }
    const { available } = await findVariant(manager.client, WATCHED);
    await expectStock(page, available);
    await manager.client.mutation(api.admin.products.adjustStock, {
      variantId: streams[0]?.id ?? ("" as Id<"variants">),
      delta: 1,
      reason: "After the restart",
    });
    await expectStock(page, available + 1);
  } finally {
    await shop.stop();
    rmSync(dataFolder, { recursive: true, force: true });
  }
});

/** Adds one unit after the other until the backend is gone. */
async function addUnits(
  client: ConvexHttpClient,
  variantId: Id<"variants">,
  onAcknowledged: () => void,
): Promise<void> {
  for (;;) {
    try {
      await client.mutation(api.admin.products.adjustStock, {
        variantId,
        delta: 1,
        reason: "Counting",
      });
    } catch {
      return;
    }
    onAcknowledged();
  }
}

async function expectStock(page: Page, count: number): Promise<void> {
  await expect(page.getByText(`${String(count)} in stock`)).toBeVisible({ timeout: 30_000 });
}
