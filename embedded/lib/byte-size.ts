const BINARY_UNITS = ["KiB", "MiB", "GiB"] as const;

/** `16 MiB`, `1.25 KiB`, `12 B`: whole numbers as they are, others with two decimals. */
export function formatSize(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  let size = bytes;
  let unit = "";
  for (const name of BINARY_UNITS) {
    if (size < 1024) break;
    size /= 1024;
    unit = name;
  }
  return `${Number.isInteger(size) ? size : size.toFixed(2)} ${unit}`;
}
