import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Process id of the embedded backend that works in this data folder. Linux only: reads /proc. */
export function findBackendPid(dataFolder: string): number {
  const folder = join(dataFolder, "backend");
  for (const entry of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const args = readCommandLine(entry);
    if (args.some((arg) => arg.endsWith("embedded/main.js")) && args.includes(folder)) {
      return Number(entry);
    }
  }
  throw new Error(`No backend works in ${folder}`);
}

function readCommandLine(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    // The process ended since the folder was listed.
    return [];
  }
}
