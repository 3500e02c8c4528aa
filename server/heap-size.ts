import { totalmem } from "node:os";

/**
 * Room for what a function that fills the memory takes before it is ended: three quarters of the
 * machine's memory, eight gigabytes at most. In megabytes, for `--max-old-space-size`.
 */
export function heapMegabytes(): number {
  return Math.min(8_192, Math.floor((totalmem() / 2 ** 20) * 0.75));
}
