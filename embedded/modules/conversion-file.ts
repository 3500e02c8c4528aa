import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { DiskSpace } from "../storage/disk-space.ts";
import { converterName, type ConvertedModule } from "./convert-module.ts";

const NAME = "converted-modules.json";

/**
 * The deployed modules as they were converted, kept beside the database so that a start need not
 * convert them again. What is missing, torn or of another converter is as good as absent.
 */
export interface ConversionFile {
  read(): readonly ConvertedModule[];
  /** Replaces the file, soon. Never fails: without it the next start takes longer, and that is all. */
  write(modules: readonly ConvertedModule[]): void;
  /** Resolves when nothing is being written any more. */
  settled(): Promise<void>;
}

/** @param folder where the file lies; it must exist by the time of the first write. */
export function openConversionFile(folder: string): ConversionFile {
  const path = join(folder, NAME);
  const space = new DiskSpace(folder);
  let writing = Promise.resolve();
  return {
    read() {
      try {
        return decode(readFileSync(path, "utf8"));
      } catch {
        return [];
      }
    },
    write(modules) {
      writing = writing.then(() => replace(path, encode(modules), space));
    },
    settled: () => writing,
  };
}

async function replace(path: string, text: string, space: DiskSpace): Promise<void> {
  const temporary = `${path}.tmp`;
  try {
    space.require(Buffer.byteLength(text));
    await writeFile(temporary, text, { mode: 0o600 });
    await rename(temporary, path);
  } catch {
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}

/** A line that tells who converted and what has to follow, and that. */
function encode(modules: readonly ConvertedModule[]): string {
  const body = JSON.stringify(modules);
  return `${headOf(body)}\n${body}`;
}

function decode(text: string): readonly ConvertedModule[] {
  const end = text.indexOf("\n");
  const body = text.slice(end + 1);
  return text.slice(0, end) === headOf(body) ? (JSON.parse(body) as ConvertedModule[]) : [];
}

function headOf(body: string): string {
  return `${converterName()} ${createHash("sha256").update(body).digest("hex")}`;
}
