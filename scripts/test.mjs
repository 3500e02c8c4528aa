// `npm test`: does its own set-up, runs every check from fast to slow, and ends with one line
// `N passed, N failed`. `npm test -- --only types,unit` runs some steps.
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { findOrInstallChromium } from "./chromium.mjs";
import { installLockfile } from "./install.mjs";
import { requireNodeVersion } from "./node-version.mjs";

const RESULTS = ".cache/test-results";

requireNodeVersion();
process.chdir(fileURLToPath(new URL("..", import.meta.url)));

const log = (line) => console.log(`· ${line}`);
const only = readOnly(process.argv.slice(2));
installLockfile(log);
mkdirSync(RESULTS, { recursive: true });

/** A step that is one check counts as one test; a runner's report is counted test by test. */
const STEPS = [
  {
    name: "format",
    bin: "prettier/bin/prettier.cjs",
    args: ["--check", "--log-level", "warn", "."],
  },
  {
    name: "lint",
    bin: "eslint/bin/eslint.js",
    args: ["--cache", "--cache-location", ".cache/eslint", "."],
  },
  {
    name: "imports",
    bin: "dependency-cruiser/bin/dependency-cruise.mjs",
    args: [
      "app",
      "convex",
      "embedded",
      "server",
      "standins",
      "scripts",
      "--config",
      ".dependency-cruiser.cjs",
    ],
  },
  {
    name: "types",
    bin: "typescript/bin/tsc",
    args: ["-p", "tsconfig.json", "--incremental", "--tsBuildInfoFile", ".cache/tsc.json"],
  },
  { name: "build", script: "scripts/build.mjs", args: [] },
  { name: "codegen", script: "scripts/check-codegen.mjs", args: [] },
  {
    name: "unit",
    bin: "vitest/vitest.mjs",
    args: ["run", "--reporter=dot", "--reporter=json", `--outputFile.json=${RESULTS}/unit.json`],
    before: async () => ({ CHROMIUM_PATH: await findOrInstallChromium(log) }),
    count: () => countVitest(`${RESULTS}/unit.json`),
  },
  {
    name: "browser",
    bin: "@playwright/test/cli.js",
    args: ["test"],
    before: async () => ({ CHROMIUM_PATH: await findOrInstallChromium(log) }),
    count: () => countPlaywright(`${RESULTS}/browser.json`),
  },
];

const totals = { passed: 0, failed: 0 };
for (const step of STEPS) {
  if (only !== null && !only.has(step.name)) continue;
  const result = await runStep(step);
  totals.passed += result.passed;
  totals.failed += result.failed;
}
console.log(`${totals.passed} passed, ${totals.failed} failed`);
process.exit(totals.failed === 0 ? 0 : 1);

async function runStep(step) {
  const startedAt = Date.now();
  log(`${step.name} …`);
  for (const file of ["unit.json", "browser.json"]) {
    if (step.count !== undefined && file.startsWith(step.name))
      rmSync(join(RESULTS, file), { force: true });
  }
  const extra = step.before === undefined ? {} : await step.before();
  const program = step.script ?? join("node_modules", step.bin);
  const code = await runNode([program, ...step.args], extra);
  const counted = step.count?.() ?? { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1 };
  // A runner that ends badly although every test passed (a crash, an unhandled error) has failed.
  if (code !== 0 && counted.failed === 0) counted.failed = 1;
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
  log(`${step.name}: ${counted.failed === 0 ? "ok" : "FAILED"} (${seconds} s)`);
  return counted;
}

function runNode(args, environment) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, {
      stdio: ["ignore", "inherit", "inherit"],
      env: { ...process.env, FORCE_COLOR: "0", NO_COLOR: "1", ...environment },
    });
    child.on("error", () => resolve(1));
    child.on("close", (code) => resolve(code ?? 1));
  });
}

function countVitest(path) {
  const report = readReport(path);
  if (report === null) return { passed: 0, failed: 1 };
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + report.numFailedTestSuites,
  };
}

function countPlaywright(path) {
  const report = readReport(path);
  if (report === null) return { passed: 0, failed: 1 };
  return {
    passed: report.stats.expected,
    failed: report.stats.unexpected + report.stats.flaky + report.errors.length,
  };
}

function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return null;
  }
}

function readOnly(args) {
  const position = args.indexOf("--only");
  return position === -1 ? null : new Set((args[position + 1] ?? "").split(","));
}
