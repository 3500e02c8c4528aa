import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const STAMP = join("node_modules", ".vitrine-lock-hash");

/**
 * Installs exactly the lockfile, unless `node_modules` already holds it.
 * Ends the process with one sentence when npm fails; npm's own output is above it.
 */
export function installLockfile(log) {
  const lockHash = createHash("sha256").update(readFileSync("package-lock.json")).digest("hex");
  if (existsSync(STAMP) && readFileSync(STAMP, "utf8") === lockHash) return;
  log("Installing packages (exactly the lockfile, about a minute)");
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const result = spawnSync(npm, ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, NODE_ENV: "development" },
  });
  if (result.status !== 0) {
    console.error("npm could not install the packages; what it said is above.");
    process.exit(1);
  }
  writeFileSync(STAMP, lockHash);
}
