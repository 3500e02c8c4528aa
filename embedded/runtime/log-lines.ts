import type { LogLevel } from "./realm/realm-host.ts";

const MAX_LINES = 256;
const MAX_LINE_BYTES = 32 * 1024;
const TRUNCATED = " (truncated due to length)";

/** The log lines of one function run, nested functions included, in the form that clients parse. */
export class LogLines {
  readonly #lines: string[] = [];
  #isFull = false;

  get lines(): readonly string[] {
    return this.#lines;
  }

  /** Adds a line, cut to its limit; after the last one allowed, lines are dropped. */
  add(level: LogLevel, text: string): void {
    if (this.#isFull) return;
    this.#lines.push(`[${level}] ${truncate(text)}`);
    if (this.#lines.length === MAX_LINES - 1) {
      this.#isFull = true;
      this.#lines.push(`[ERROR] Log overflow (maximum ${MAX_LINES}). Remaining log lines omitted.`);
    }
  }
}

function truncate(text: string): string {
  if (text.length <= MAX_LINE_BYTES / 4 || Buffer.byteLength(text) <= MAX_LINE_BYTES) return text;
  const kept = Buffer.from(text)
    .subarray(0, MAX_LINE_BYTES - TRUNCATED.length)
    .toString("utf8");
  return kept.replace(/\uFFFD$/, "") + TRUNCATED;
}
