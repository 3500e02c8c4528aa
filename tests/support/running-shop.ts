import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import * as z from "zod";

const vRunningShop = z.object({
  publicUrl: z.url(),
  deployment: z.object({ url: z.url(), adminKey: z.string() }),
  payPalUrl: z.url(),
  mailboxUrl: z.url(),
  demoPasswords: z.object({ manager: z.string(), agent: z.string(), client: z.string() }),
});

/** What `npm start` writes to `running.json` when the shop is up. */
export type RunningShop = z.output<typeof vRunningShop>;

export interface StartedShop extends RunningShop {
  readonly dataFolder: string;
  readonly launcher: ChildProcess;
  /** Ctrl-C, and waits until every process has ended. */
  stop(): Promise<number | null>;
}

const START_TIMEOUT_MS = 240_000;

export function temporaryDataFolder(): string {
  return mkdtempSync(join(tmpdir(), "vitrine-shop-"));
}

/** Runs `npm start`'s own program as a shop owner would, on a free port. */
export async function startShop(
  dataFolder: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<StartedShop> {
  const runningFile = join(dataFolder, "running.json");
  rmSync(runningFile, { force: true });
  const launcher = spawn(process.execPath, ["scripts/start.mjs"], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, PORT: "0", DATA_DIR: dataFolder, ...environment },
  });
  let output = "";
  launcher.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  launcher.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!existsSync(runningFile) || !output.includes("Ctrl-C ends it")) {
    if (launcher.exitCode !== null) throw new Error(`The shop did not start:\n${output}`);
    if (Date.now() > deadline) {
      launcher.kill("SIGTERM");
      throw new Error(`The shop did not start in time:\n${output}`);
    }
    await delay(100);
  }
  return {
    ...readRunningShop(dataFolder),
    dataFolder,
    launcher,
    stop: () => stopProcess(launcher),
  };
}

export function readRunningShop(dataFolder: string): RunningShop {
  return vRunningShop.parse(JSON.parse(readFileSync(join(dataFolder, "running.json"), "utf8")));
}

function stopProcess(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => {
    child.once("exit", (code) => resolve(code));
    child.kill("SIGINT");
  });
}
