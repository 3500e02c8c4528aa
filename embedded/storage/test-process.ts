/** Entry of child processes that tests kill, starve or lock out. Arguments: mode and folder. */
import { DataFolderError, StorageStoppedError } from "./storage-error.ts";
import { Storage } from "./storage.ts";

const [, , mode = "", folder = ""] = process.argv;

try {
  const storage = await Storage.open(folder);
  if (mode === "write") await writeForever(storage);
  else if (mode === "fill") await fill(storage);
  else {
    console.log("open");
    process.stdin.on("end", () => void storage.close()).resume();
  }
} catch (error) {
  if (!(error instanceof DataFolderError)) throw error;
  console.log(`${error.code} ${error.message}`);
}

/** Prints each number once what belongs to it is durable. */
async function writeForever(storage: Storage): Promise<never> {
  let number = Number(storage.durableTs);
  for (;;) {
    const first = number + 1;
    for (; number < first + 4; number += 1) {
      const value = Buffer.from(String(number + 1));
      storage.write(
        [
          { index: 7, key: `left${number + 1}`, value },
          { index: 8, key: `right${number + 1}`, value },
        ],
        BigInt(number + 1),
      );
    }
    await storage.flushed(BigInt(number));
    console.log(number);
  }
}

/** Writes more than fits and reports what each call says from then on. */
async function fill(storage: Storage): Promise<void> {
  let told = 0;
  storage.onStopped(() => (told += 1));
  storage.write([{ index: 7, key: "small", value: Buffer.from("x") }], 1n);
  await storage.flushed(1n);
  storage.write([{ index: 7, key: "big", value: Buffer.alloc(64 << 20, 1) }], 2n);
  const later = outcome(() => storage.flushed(3n));
  const flushed = await outcome(() => storage.flushed(2n));
  const report = {
    flushed,
    laterFlushed: await later,
    read: await outcome(() => storage.get(7, "small")),
    written: await outcome(() => storage.write([], 4n)),
    told,
  };
  await storage.close();
  const reopened = await Storage.open(folder);
  const isDurableReadable =
    reopened.get(7, "small")?.toString() === "x" && reopened.get(7, "big") === null;
  console.log(JSON.stringify({ ...report, isDurableReadable }));
  await reopened.close();
}

async function outcome(action: () => unknown): Promise<string> {
  try {
    await action();
    return "succeeded";
  } catch (error) {
    if (error instanceof StorageStoppedError) return error.code;
    throw error;
  }
}
