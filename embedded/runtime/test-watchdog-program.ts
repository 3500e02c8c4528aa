/** A process with a watchdog: between two tasks, or in one that ends with the first signal. */
import { Watchdog, WatchdogError } from "./watchdog.ts";

const watchdog = new Watchdog();
const alive = setInterval(() => undefined, 1_000);

process.once("SIGTERM", () => {
  process.send?.("told to stop");
  clearInterval(alive);
  process.disconnect();
});

watchdog.guard(1_000, () => undefined);
// By then the thread watches.
setTimeout(process.argv[2] === "busy" ? work : tellReady, 1_000);

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
