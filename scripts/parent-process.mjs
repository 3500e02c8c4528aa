import { clearInterval, setInterval } from "node:timers";

const CHECK_MS = 500;

/**
 * Calls `stop` when npm, or the shell that npm runs a script in, is gone: at SIGTERM both end, and
 * pass the signal on to nobody. Does nothing in a process that npm did not start.
 */
export function whenNpmEnds(stop) {
  if (process.env["npm_lifecycle_event"] === undefined) return;
  whenParentEnds(process.ppid, stop);
}

/** Calls `stop` when that process, which started this one, is gone. Keeps no process from ending. */
export function whenParentEnds(parent, stop) {
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    stop();
  }, CHECK_MS);
  timer.unref();
}
