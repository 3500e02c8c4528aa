/** Starts programs under `recorder.c`, which notes what they do to a folder. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import type { RecordedEvent } from "./recorded-disk.ts";

/** What a program did, and what was said to be done. */
export interface Recording<Ack> {
  readonly events: readonly RecordedEvent[];
  readonly acks: readonly {
    readonly ack: Ack;
    /** Length that the log had when it was heard: everything before had happened by then. */
    readonly position: number;
  }[];
}

/** Whether there is what recording takes; says so aloud when there is not. */
export function canRecord(): boolean {
  const can = process.platform === "linux" && spawnSync("gcc", ["--version"]).error === undefined;
  if (!can) console.warn("SKIPPED: power cuts cannot be played through without Linux and gcc.");
  return can;
}

export interface RecorderOptions {
  readonly recorded: string;
  readonly log: string;
  /** How long a sync takes. */
  readonly syncMs: number;
}

/** @param folder where the recorder may be put. */
export function recorderEnvironment(
  folder: string,
  { recorded, log, syncMs }: RecorderOptions,
): NodeJS.ProcessEnv {
  const recorder = join(folder, "recorder.so");
  if (!existsSync(recorder)) {
    const source = fileURLToPath(new URL("recorder.c", import.meta.url));
    const options = ["-O1", "-shared", "-fPIC", "-o", recorder];
    execFileSync("gcc", [...options, source, "-ldl", "-lpthread"]);
  }
  return {
    ...process.env,
    LD_PRELOAD: recorder,
    RECORDER_LOG: log,
    RECORDER_FOLDER: recorded,
    RECORDER_SYNC_MS: String(syncMs),
    // Kernel queues would pass by the recorder.
    UV_USE_IO_URING: "0",
  };
}

export function lengthOf(log: string): number {
  return statSync(log).size;
}
