/** How the program ends. */
import type { EventEmitter } from "node:events";

import type { Backend } from "./backend.ts";
import { ConfigError } from "./config.ts";
import { exitWithin, heldUpMs } from "./runtime/watchdog.ts";
import { DataDamagedError, DataFolderError, StorageStoppedError } from "./storage/storage-error.ts";

const STOP_TIMEOUT_MS = 4_800;
/** For how long a function keeps signals waiting; for longer only where others have the processor. */
const MAX_LATE_MS = 1_500;
/** How much later the process ends all the same, whatever its main thread is busy with. */
const STOP_EXTRA_MS = 100;
/** `EX_DATAERR` of sysexits.h: starting again does not help. */
const EXIT_DAMAGED = 65;

/**
 * Closes the backend and ends the process on a signal, without its parent, and when the data folder
 * failed: within five seconds of the signal.
 * @param asked where signals are heard.
 */
export function endWhenAsked(
  backend: Pick<Backend, "close" | "failed">,
  asked: Pick<EventEmitter, "on" | "once">,
): void {
  let isStopping = false;
  const stop = (exitCode: number) => {
    if (isStopping) return;
    isStopping = true;
    // A function that computes keeps signals waiting, too.
    const lateMs = Math.min(heldUpMs(), MAX_LATE_MS);
    const onTimeout = () => process.exit(exitCode === 0 ? 1 : exitCode);
    setTimeout(onTimeout, STOP_TIMEOUT_MS - lateMs).unref();
    exitWithin(STOP_TIMEOUT_MS + STOP_EXTRA_MS - lateMs);
    void backend.close(lateMs).then(
      () => process.exit(exitCode),
      (error: unknown) => endWith(error),
    );
  };
  // Not `once`: a second one, as from a terminal and a parent, must not cut off the first's work.
  asked.on("SIGTERM", () => stop(0));
  // Without its parent nobody would hand it sockets or end it.
  asked.once("disconnect", () => stop(0));
  void backend.failed.then((error) => {
    console.error(describe(error));
    // Those who wait are told that it failed, instead of nothing.
    stop(exitCodeOf(error));
  });
}

/** Says in a sentence why the process ends, where that is known. */
export function endWith(error: unknown): never {
  console.error(describe(error));
  process.exit(exitCodeOf(error));
}

function exitCodeOf(error: unknown): number {
  const isDamaged =
    error instanceof DataDamagedError ||
    (error instanceof DataFolderError && error.code === "Damaged");
  return isDamaged ? EXIT_DAMAGED : 1;
}

function describe(error: unknown): string {
  if (
    error instanceof ConfigError ||
    error instanceof DataFolderError ||
    error instanceof StorageStoppedError
  ) {
    return error.message;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
