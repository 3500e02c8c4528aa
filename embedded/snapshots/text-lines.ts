import { ImportError } from "./import-error.ts";

/** A document has 1 MiB at most; escapes make its text longer. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;
const NEWLINE = 0x0a;

/**
 * Lines of UTF-8 text as they arrive, without their ends.
 * @throws ImportError for other bytes and for a line that is too long.
 */
export async function* textLines(stream: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let parts: Uint8Array[] = [];
  let length = 0;
  let row = 1;
  const take = (): string => {
    const line = decodeUtf8(Buffer.concat(parts));
    parts = [];
    length = 0;
    row += 1;
    return line.endsWith("\r") ? line.slice(0, -1) : line;
  };
  for await (const chunk of stream) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      parts.push(chunk.subarray(start, end));
      start = end + 1;
      yield take();
    }
    parts.push(chunk.subarray(start));
    length += chunk.length - start;
    if (length > MAX_LINE_BYTES) {
      throw new ImportError(`Row ${row} is longer than ${MAX_LINE_BYTES} bytes`);
    }
  }
  if (parts.some((part) => part.length > 0)) yield take();
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** @throws ImportError */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new ImportError("Import wasn't valid UTF8: stream did not contain valid UTF-8", {
      cause,
    });
  }
}
