import { rmSync } from "node:fs";

import { startShop, temporaryDataFolder } from "./running-shop.ts";

/** Playwright's global set-up: one freshly started demo shop that all browser tests share. */
export default async function startSharedShop(): Promise<() => Promise<void>> {
  const dataFolder = temporaryDataFolder();
  const shop = await startShop(dataFolder);
  process.env["SHOP_DATA_FOLDER"] = dataFolder;
  return async () => {
    await shop.stop();
    rmSync(dataFolder, { recursive: true, force: true });
  };
}
