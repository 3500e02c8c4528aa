const EXTENSIONS: ReadonlyMap<string, string> = new Map([
  ["application/gzip", ".gz"],
  ["application/json", ".json"],
  ["application/octet-stream", ".bin"],
  ["application/pdf", ".pdf"],
  ["application/xml", ".xml"],
  ["application/zip", ".zip"],
  ["audio/mpeg", ".mp3"],
  ["audio/ogg", ".oga"],
  ["audio/wav", ".wav"],
  ["image/avif", ".avif"],
  ["image/bmp", ".bmp"],
  ["image/gif", ".gif"],
  ["image/jpeg", ".jpeg"],
  ["image/png", ".png"],
  ["image/svg+xml", ".svg"],
  ["image/tiff", ".tiff"],
  ["image/webp", ".webp"],
  ["text/css", ".css"],
  ["text/csv", ".csv"],
  ["text/html", ".html"],
  ["text/javascript", ".js"],
  ["text/markdown", ".md"],
  ["text/plain", ".txt"],
  ["video/mp4", ".mp4"],
  ["video/webm", ".webm"],
]);

/** What a file's name ends with so that it opens at a glance; nothing for types not known. */
export function fileExtension(contentType: string | null): string {
  const type = contentType?.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  return EXTENSIONS.get(type) ?? "";
}
