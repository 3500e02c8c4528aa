import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { announcementOf, exitOf } from "#embedded/test-announcement.ts";
import { fixtureSources, pushTo } from "#embedded/test-backend.ts";

import { builtBackend } from "../support/built-backend.ts";

/** A backend as `npm start` runs it, with the catalogue's functions. */
export interface BenchBackend {
  readonly url: string;
  readonly port: number;
  readonly adminKey: string;
  readonly pid: number;
  stop(): Promise<void>;
}

export const REPOSITORY = fileURLToPath(new URL("../../", import.meta.url));
/** Ignored by git; data sets stay there between runs. */
export const CACHE = join(REPOSITORY, ".cache", "bench");

const STOP_TIMEOUT_MS = 10_000;

export async function startBenchBackend(
  folder: string,
  nodeArgs: readonly string[] = profilingArgs(),
): Promise<BenchBackend> {
  const entry = await builtBackend(join(CACHE, "build"));
  mkdirSync(folder, { recursive: true });
  const child = spawn(process.execPath, [...nodeArgs, entry, "--port", "0", "--data", folder], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const { url, adminKey } = await announcementOf(child);
  await pushTo(url, adminKey, fixtureSources("catalogue"));
  return {
    url,
    port: Number(new URL(url).port),
    adminKey,
    pid: child.pid ?? 0,
    stop: () => stop(child),
  };
}

/** `BENCH_PROFILE=DIR` leaves a CPU profile of every backend in the folder. */
function profilingArgs(): readonly string[] {
  const folder = process.env["BENCH_PROFILE"];
  if (folder === undefined) return [];
  return ["--cpu-prof", `--cpu-prof-dir=${folder}`, "--cpu-prof-interval=200"];
}

async function stop(child: ChildProcess): Promise<void> {
  const ended = exitOf(child);
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
  await ended;
  clearTimeout(timer);
}
