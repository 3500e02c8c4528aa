import { FUNCTION_LIMITS } from "../lib/limits.ts";
import type { LogLevel } from "./realm/realm-host.ts";

const { logLines, logLineBytes } = FUNCTION_LIMITS;

/** The log lines of one function run, nested functions included, in the form that clients parse. */
export class LogLines {
  readonly #lines: string[] = [];

  get lines(): readonly string[] {
    return this.#lines;
  }

  /** Adds a line, cut to its limit; instead of one too many it says that there were more. */
  add(level: LogLevel, text: string): void {
    const room = logLines.max - this.#lines.length;
    if (room > 1) this.#lines.push(`[${level}] ${truncate(text)}`);
    else if (room === 1) this.#lines.push(`[ERROR] ${logLines.text()}`);
  }
}

function truncate(text: string): string {
  const { max } = logLineBytes;
  if (text.length <= max / 4 || Buffer.byteLength(text) <= max) return text;
  const kept = Buffer.from(text).subarray(0, max).toString("utf8");
  return kept.replace(/\uFFFD$/, "") + logLineBytes.text();
}
