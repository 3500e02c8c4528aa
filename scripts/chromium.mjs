import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const KNOWN_PATHS = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/**
 * Path of a Chromium to test with: CHROMIUM_PATH, an installed one, Debian's package where this user
 * may install it, otherwise Playwright's own download (returned as an empty string: its default).
 */
export async function findOrInstallChromium(log) {
  const found = findChromium();
  if (found !== null) return found;
  if (canUseApt()) {
    log("Installing Debian's Chromium");
    run("apt-get", ["update", "-qq"]);
    run("apt-get", ["install", "-y", "-qq", "chromium"]);
    const installed = findChromium();
    if (installed !== null) return installed;
  }
  log("Downloading Playwright's Chromium");
  const result = run(process.execPath, [
    "node_modules/@playwright/test/cli.js",
    "install",
    "chromium",
  ]);
  if (result.status === 0) return "";
  console.error("No Chromium was found or could be installed. Set CHROMIUM_PATH to one.");
  process.exit(1);
}

function findChromium() {
  const candidates = [process.env.CHROMIUM_PATH, ...KNOWN_PATHS];
  return candidates.find((path) => path !== undefined && path !== "" && existsSync(path)) ?? null;
}

function canUseApt() {
  return process.getuid?.() === 0 && spawnSync("apt-get", ["--version"]).status === 0;
}

function run(command, args) {
  return spawnSync(command, args, {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
}
