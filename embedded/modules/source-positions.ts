import { SourceMap, type SourceMapPayload } from "node:module";

export interface SourcePosition {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Finds the original position of a place in a converted module. Parses the map when first asked. */
export class SourcePositions {
  readonly #mapJson: string | null;
  #map: SourceMap | null = null;

  constructor(mapJson: string | null) {
    this.#mapJson = mapJson;
  }

  /** Lines and columns count from 1, as in stack traces; line 1 is the wrapper's own. */
  find(line: number, column: number): SourcePosition | null {
    if (this.#mapJson === null) return null;
    this.#map ??= new SourceMap(JSON.parse(this.#mapJson) as SourceMapPayload);
    const entry = this.#map.findEntry(line - 2, column - 1);
    if (!("originalSource" in entry)) return null;
    // Generated code has entries without a source, which the types leave out.
    const file = entry.originalSource as string | undefined;
    if (file === undefined) return null;
    return {
      file,
      line: entry.originalLine + 1,
      column: entry.originalColumn + 1,
    };
  }
}

const FRAME =
  /^\s*at (?:(?<name>.+?) \()?convex-module:\/(?<path>[^):]+):(?<line>\d+):(?<column>\d+)\)?$/;

/** The frames of a stack that lie in pushed modules, with their original places. */
export function mapStack(
  stack: string,
  positionsOf: (path: string) => SourcePositions | null,
): string[] {
  return stack.split("\n").flatMap((frame) => {
    const { name, path, line, column } = FRAME.exec(frame)?.groups ?? {};
    if (path === undefined || line === undefined || column === undefined) return [];
    const found = positionsOf(path)?.find(Number(line), Number(column));
    const place = found
      ? `${found.file}:${found.line}:${found.column}`
      : `${path}:${Number(line) - 1}:${column}`;
    return [name === undefined ? `    at ${place}` : `    at ${name} (${place})`];
  });
}
