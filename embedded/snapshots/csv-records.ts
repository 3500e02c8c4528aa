import { ImportError } from "./import-error.ts";

/** A record of a CSV file: its fields, and the line of the file on which it begins, from 1. */
export interface CsvRecord {
  readonly line: number;
  readonly fields: readonly string[];
}

const MAX_RECORD_LENGTH = 16 * 1024 * 1024;

/**
 * Records of CSV text (RFC 4180): commas, fields in double quotes where they hold commas, quotes
 * (doubled) or line ends. Empty lines are passed over.
 * @throws ImportError for a record that is too long, as one with an unclosed quote becomes.
 */
export async function* csvRecords(text: AsyncIterable<string>): AsyncGenerator<CsvRecord> {
  const reader = new CsvReader();
  for await (const chunk of text) yield* reader.read(chunk);
  yield* reader.end();
}

class CsvReader {
  #fields: string[] = [];
  #field = "";
  #state: "fieldStart" | "plain" | "quoted" | "quoteInQuoted" = "fieldStart";
  #isAfterReturn = false;
  #line = 1;
  #recordLine = 1;
  #length = 0;

  *read(chunk: string): Generator<CsvRecord> {
    for (const character of chunk) {
      const isSecondOfPair = this.#isAfterReturn && character === "\n";
      this.#isAfterReturn = character === "\r";
      if (isSecondOfPair) {
        // A line end in quotes belongs to the field as it stands.
        if (this.#state === "quoted") this.#append(character);
        continue;
      }
      const isLineEnd = character === "\n" || character === "\r";
      if (isLineEnd) this.#line += 1;
      if (isLineEnd && this.#state !== "quoted") yield* this.#finishRecord();
      else this.#step(character);
    }
  }

  *end(): Generator<CsvRecord> {
    yield* this.#finishRecord();
  }

  #step(character: string): void {
    switch (this.#state) {
      case "quoted":
        if (character === '"') this.#state = "quoteInQuoted";
        else this.#append(character);
        return;
      case "quoteInQuoted":
        if (character === '"') {
          this.#append(character);
          this.#state = "quoted";
          return;
        }
        break;
      case "fieldStart":
        if (character === '"') {
          this.#state = "quoted";
          return;
        }
        break;
      case "plain":
        break;
    }
    if (character === ",") {
      this.#fields.push(this.#field);
      this.#field = "";
      this.#state = "fieldStart";
      return;
    }
    this.#append(character);
    this.#state = "plain";
  }

  #append(character: string): void {
    this.#field += character;
    this.#length += character.length;
    if (this.#length > MAX_RECORD_LENGTH) {
      throw new ImportError(
        `The CSV row that begins on line ${this.#recordLine} is too long; is a quote not closed?`,
      );
    }
  }

  *#finishRecord(): Generator<CsvRecord> {
    const isEmptyLine = this.#fields.length === 0 && this.#state === "fieldStart";
    const record = { line: this.#recordLine, fields: [...this.#fields, this.#field] };
    this.#fields = [];
    this.#field = "";
    this.#length = 0;
    this.#state = "fieldStart";
    this.#recordLine = this.#line;
    if (!isEmptyLine) yield record;
  }
}
