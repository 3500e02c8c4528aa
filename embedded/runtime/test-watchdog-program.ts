/** A process with a watchdog: between two tasks, or in one that ends with the first signal. */
import { Watchdog, WatchdogError, watchdogStarted } from "./watchdog.ts";

const watchdog = new Watchdog();
const alive = setInterval(() => undefined, 1_000);

let isStopping = false;
process.on("SIGTERM", () => {
  if (isStopping) return;
  isStopping = true;
  process.send?.("told to stop");
  clearInterval(alive);
  process.disconnect();
});

await watchdogStarted();
setTimeout(process.argv[2] === "busy" ? work : tellReady);

function tellReady(): void {
  process.send?.("ready");
}

function work(): void {
  try {
    watchdog.guard(20_000, () => {
      tellReady();
      for (;;);
    });
  } catch (error) {
    if (!(error instanceof WatchdogError)) throw error;
    process.send?.(error.reason);
  }
}
