// Fails when convex/_generated is not what the official `convex codegen` makes of convex/ now.
// Runs against an empty embedded backend; puts the committed files back when they differ, unless
// called with --write (`npm run codegen`), which keeps the new ones.
import { fork, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const FOLDER = "convex/_generated";

const dataFolder = mkdtempSync(join(tmpdir(), "vitrine-codegen-"));
const backend = fork("build/embedded/main.js", ["--port", "0", "--data", dataFolder], {
  stdio: ["ignore", "ignore", "inherit", "ipc"],
});
try {
  const { url, adminKey } = await ready(backend);
  const committed = readFolder(FOLDER);
  const result = spawnSync(
    process.execPath,
    ["node_modules/convex/bin/main.js", "codegen", "--typecheck", "disable"],
    {
      encoding: "utf8",
      env: { ...process.env, CONVEX_SELF_HOSTED_URL: url, CONVEX_SELF_HOSTED_ADMIN_KEY: adminKey },
    },
  );
  if (result.status !== 0) fail(`convex codegen failed:\n${result.stdout}${result.stderr}`);
  const generated = readFolder(FOLDER);
  const stale = [...new Set([...committed.keys(), ...generated.keys()])].filter(
    (name) => committed.get(name) !== generated.get(name),
  );
  const isWriting = process.argv.includes("--write");
  for (const name of isWriting ? [] : stale) {
    const before = committed.get(name);
    if (before === undefined) rmSync(join(FOLDER, name));
    else writeFileSync(join(FOLDER, name), before);
  }
  if (stale.length > 0 && !isWriting) {
    fail(`${FOLDER} is stale (${stale.join(", ")}): run npm run codegen and commit the result.`);
  }
} finally {
  backend.kill("SIGTERM");
  rmSync(dataFolder, { recursive: true, force: true });
}

function ready(child) {
  return new Promise((resolve, reject) => {
    child.on("message", (message) => {
      if (message?.type === "ready") resolve(message);
    });
    child.on("exit", (code) => reject(new Error(`The backend ended with code ${code}.`)));
  });
}

function readFolder(folder) {
  return new Map(
    readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")]),
  );
}

function fail(sentence) {
  console.error(sentence);
  process.exitCode = 1;
}
