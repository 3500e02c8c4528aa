import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";

/** Lines the file may hold beyond twice the living entries before it is rewritten. */
const SLACK_LINES = 500;

interface Line {
  readonly table: string;
  readonly key: string;
  /** `null` removes the entry. */
  readonly value: unknown;
}

/**
 * Keeps the last value of every entry in a file of JSON lines, so that a stand-in remembers across
 * restarts. A line is on disk when `write` returns; a torn last line is skipped at the next start.
 */
export class Journal {
  readonly #file: string | null;
  readonly #entries = new Map<string, Line>();
  #lineCount = 0;

  /** @param file `null` keeps nothing. */
  constructor(file: string | null) {
    this.#file = file;
    if (file === null) return;
    mkdirSync(dirname(file), { recursive: true });
    if (existsSync(file)) this.#read(readFileSync(file, "utf8"));
    this.#rewrite(file);
  }

  /** Values of one table in the order in which their entries were first written. */
  values(table: string): unknown[] {
    return [...this.#entries.values()]
      .filter((line) => line.table === table)
      .map((line) => line.value);
  }

  write(table: string, key: string, value: unknown): void {
    if (this.#file === null) return;
    const line = { table, key, value };
    this.#apply(line);
    appendFileSync(this.#file, `${JSON.stringify(line)}\n`);
    this.#lineCount += 1;
    if (this.#lineCount > 2 * this.#entries.size + SLACK_LINES) this.#rewrite(this.#file);
  }

  remove(table: string, key: string): void {
    this.write(table, key, null);
  }

  #read(text: string): void {
    for (const line of text.split("\n")) {
      const parsed = parseLine(line);
      if (parsed !== null) this.#apply(parsed);
    }
  }

  #apply(line: Line): void {
    const name = `${line.table}\n${line.key}`;
    if (line.value === null) this.#entries.delete(name);
    else this.#entries.set(name, line);
  }

  #rewrite(file: string): void {
    const lines = [...this.#entries.values()].map((line) => `${JSON.stringify(line)}\n`);
    writeFileSync(`${file}.tmp`, lines.join(""));
    renameSync(`${file}.tmp`, file);
    this.#lineCount = lines.length;
  }
}

function parseLine(line: string): Line | null {
  if (line === "") return null;
  try {
    const value: unknown = JSON.parse(line);
    return isLine(value) ? value : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function isLine(value: unknown): value is Line {
  return (
    typeof value === "object" &&
    value !== null &&
    "table" in value &&
    typeof value.table === "string" &&
    "key" in value &&
    typeof value.key === "string" &&
    "value" in value
  );
}
