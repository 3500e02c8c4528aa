/** What is wrong with a file that someone imports; the message is for that person. */
export class ImportError extends Error {
  override readonly name = "ImportError";
}

/** "wasn't valid JSON", with the row and the reason. */
export function invalidJson(row: number, cause: unknown): ImportError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ImportError(`Row ${row} wasn't valid JSON: ${reason}`, { cause });
}
