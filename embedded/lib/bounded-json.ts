/** Convex values nest 64 deep at most; what carries them adds a few levels. */
const MAX_NESTING = 100;
/** A text this short cannot nest deep enough to matter. */
const HARMLESS_LENGTH = 10_000;

/**
 * Parses JSON from strangers. A megabyte of brackets would become hundreds of megabytes of arrays, so
 * nesting is looked at first.
 * @throws SyntaxError also for what is nested too deeply.
 */
export function parseBoundedJson(text: string): unknown {
  if (text.length > HARMLESS_LENGTH) requireShallow(text);
  return JSON.parse(text) as unknown;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

function requireShallow(text: string): void {
  let depth = 0;
  let position = 0;
  while (position < text.length) {
    const code = text.charCodeAt(position);
    if (code === QUOTE) {
      position = endOfString(text, position + 1);
    } else if (code === 0x5b || code === 0x7b) {
      depth += 1;
      if (depth > MAX_NESTING) throw new SyntaxError(`nested deeper than ${MAX_NESTING} levels`);
    } else if (code === 0x5d || code === 0x7d) {
      depth -= 1;
    }
    position += 1;
  }
}

/** Where the quote that ends a string stands; a quote after an odd number of backslashes does not. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start);
  while (end !== -1) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return end;
    end = text.indexOf('"', end + 1);
  }
  return text.length;
}
