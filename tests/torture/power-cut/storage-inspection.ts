/** Opens stores that a power cut left and answers with what is wrong with them. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { openBlobFolder } from "#embedded/storage/blob-folder.ts";
import { DataFolderError } from "#embedded/storage/storage-error.ts";
import { Storage } from "#embedded/storage/storage.ts";

import { answerInspections, type Inspection } from "./power-cuts.ts";
import { blobBytes, DATA_INDEX, type Row } from "./recorded-rows.ts";

/** No row has a higher number. */
const HIGHEST = 1_000;

answerInspections(inspect);

/** Acknowledged are the numbers of rows, and 0 for the store. */
async function inspect({ left, acks }: Inspection<number>): Promise<string[]> {
  const isAcknowledged = new Set(acks);
  let storage: Storage;
  try {
    mkdirSync(join(left, "database"), { recursive: true });
    storage = await Storage.open(join(left, "database"));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    // LMDB's file that was being created when the power went may be half there; it held nothing yet.
    const isOfCreation = error instanceof DataFolderError && !message.includes("journal");
    return isOfCreation && !isAcknowledged.has(0) ? [] : [message];
  }
  const blobs = openBlobFolder(join(left, "files"));
  const problems: string[] = [];
  for (let number = 1; number <= HIGHEST; number += 1) {
    const [row, copy] = ["left", "right"].map((side) =>
      storage.get(DATA_INDEX, `${side}${number}`),
    );
    if (row?.toString() !== copy?.toString()) problems.push(`${number} is half there`);
    if (row == null) {
      if (isAcknowledged.has(number)) problems.push(`${number} is acknowledged and lost`);
      continue;
    }
    const { blob } = JSON.parse(row.toString()) as Row;
    if (blob === null) continue;
    const bytes = blobs.readSync(blob);
    if (bytes === null) problems.push(`the file of ${number} is lost`);
    else if (!blobBytes(number).equals(bytes)) problems.push(`the file of ${number} is torn`);
  }
  await storage.close();
  return problems;
}
