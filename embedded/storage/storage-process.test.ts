import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { open } from "lmdb";
import { expect, onTestFinished, test } from "vitest";

import { META_INDEX, STORAGE_FORMAT } from "./open-lmdb.ts";
import { physicalKey } from "./physical-key.ts";
import { Storage } from "./storage.ts";
import { temporaryFolder } from "./test-folder.ts";

const SCRIPT = fileURLToPath(new URL("./test-process.ts", import.meta.url));

interface Child {
  readonly process: ChildProcess;
  /** Lines of standard output as they come. */
  readonly lines: AsyncIterator<string>;
}

function start(
  mode: "write" | "open" | "fill",
  folder: string,
  options: { uid?: number; wrapper?: string } = {},
): Child {
  const node = [process.execPath, "--import", "tsx", SCRIPT, mode, folder];
  const [command = "", ...args] =
    options.wrapper === undefined
      ? node
      : ["bash", "-c", `${options.wrapper}; exec "$@"`, "-", ...node];
  const child = spawn(command, args, {
    stdio: ["pipe", "pipe", "inherit"],
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return { process: child, lines };
}

async function nextLine({ lines }: Child): Promise<string> {
  const result = await lines.next();
  return result.done === true ? "(ended)" : result.value;
}

test("a process killed while writing keeps every acknowledged write", async () => {
  const folder = temporaryFolder();
  for (let round = 0; round < 3; round += 1) {
    const child = start("write", folder);
    let acknowledged = "";
    for (let line = 0; line < 20 + round * 15; line += 1) acknowledged = await nextLine(child);
    child.process.kill("SIGKILL");
    for (;;) {
      const line = await nextLine(child);
      if (line === "(ended)") break;
      acknowledged = line;
    }
    const storage = await Storage.open(folder);
    const last = Number(acknowledged);
    expect(last).toBeGreaterThan(0);
    expect(storage.durableTs).toBeGreaterThanOrEqual(BigInt(last));
    for (let number = 1; number <= last; number += 1) {
      expect(storage.get(7, `left${number}`)?.toString()).toBe(String(number));
      expect(storage.get(8, `right${number}`)?.toString()).toBe(String(number));
    }
    await storage.close();
  }
}, 60_000);

test("a batch that was not acknowledged is there whole or not at all", async () => {
  const folder = temporaryFolder();
  const child = start("write", folder);
  for (let line = 0; line < 30; line += 1) await nextLine(child);
  child.process.kill("SIGKILL");
  await once(child.process, "exit");
  const storage = await Storage.open(folder);
  let number = 1;
  while (storage.get(7, `left${number}`) !== null) number += 1;
  expect(storage.get(8, `right${number - 1}`)).not.toBeNull();
  expect(storage.get(8, `right${number}`)).toBeNull();
  await storage.close();
});

test("a folder in use is refused, in this process and in another", async () => {
  const folder = temporaryFolder();
  const child = start("open", folder);
  expect(await nextLine(child)).toBe("open");
  const refusal = `The data folder ${folder} is in use by another process; stop that one first.`;
  await expect(Storage.open(folder)).rejects.toThrow(refusal);
  expect(await nextLine(start("open", folder))).toBe(`InUse ${refusal}`);
  child.process.stdin?.end();
  await once(child.process, "exit");
  const storage = await Storage.open(folder);
  await expect(Storage.open(folder)).rejects.toThrow(refusal);
  await storage.close();
});

test("a killed owner leaves the folder free, without its socket", async () => {
  const folder = temporaryFolder();
  const child = start("open", folder);
  expect(await nextLine(child)).toBe("open");
  child.process.kill("SIGKILL");
  await once(child.process, "exit");
  const storage = await Storage.open(folder);
  expect(readdirSync(folder).filter((name) => name.endsWith(".sock"))).toHaveLength(1);
  await storage.close();
  expect(readdirSync(folder).filter((name) => name.endsWith(".sock"))).toHaveLength(0);
});

test("only one of several that open a folder at once gets it", async () => {
  const folder = temporaryFolder();
  const children = Array.from({ length: 4 }, () => start("open", folder));
  const answers = await Promise.all(children.map(nextLine));
  expect(answers.filter((answer) => answer === "open")).toHaveLength(1);
  expect(answers.filter((answer) => answer.startsWith("InUse"))).toHaveLength(3);
}, 60_000);

test("a folder with a long path can be opened and locked", async () => {
  const folder = join(temporaryFolder(), "long".repeat(40));
  const storage = await Storage.open(folder);
  await expect(Storage.open(folder)).rejects.toThrow("is in use");
  await storage.close();
});

test("a folder that cannot be written is refused in a sentence", async () => {
  const folder = temporaryFolder();
  chmodSync(folder, 0o555);
  // Root may write anywhere, so that somebody else has to try.
  const options = process.getuid?.() === 0 ? { uid: 65534 } : {};
  expect(await nextLine(start("open", folder, options))).toBe(
    `NotWritable The data folder ${folder} cannot be written to (EACCES).`,
  );
  chmodSync(folder, 0o755);
});

test("a file in place of the folder is refused in a sentence", async () => {
  const file = join(temporaryFolder(), "file");
  writeFileSync(file, "");
  await expect(Storage.open(file)).rejects.toThrow(
    `The data folder ${file} cannot be written to (EEXIST).`,
  );
});

test("a damaged store is refused in a sentence", async () => {
  const folder = temporaryFolder();
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "data.mdb"), "this is no database ".repeat(1000));
  await expect(Storage.open(folder)).rejects.toThrow(`The data folder ${folder} cannot be opened`);
});

test("a store of a newer format is refused in a sentence", async () => {
  const folder = temporaryFolder();
  await (await Storage.open(folder)).close();
  const lmdb = open<Buffer, Buffer>({
    path: folder,
    noSubdir: false,
    keyEncoding: "binary",
    encoding: "binary",
  });
  const newer = Buffer.alloc(4);
  newer.writeUInt32BE(STORAGE_FORMAT + 1);
  await lmdb.put(physicalKey(META_INDEX, "format"), newer);
  await lmdb.close();
  await expect(Storage.open(folder)).rejects.toThrow(
    `The data folder ${folder} was written by a newer version (format ${STORAGE_FORMAT + 1}, this ` +
      `version reads up to ${STORAGE_FORMAT}); start that version instead.`,
  );
});

test.skipIf(process.platform === "win32")(
  "a full disk stops the store and leaves nothing unhandled",
  async () => {
    const folder = temporaryFolder();
    const child = start("fill", folder, { wrapper: "trap '' XFSZ; ulimit -f 4096" });
    const report = JSON.parse(await nextLine(child)) as Record<string, unknown>;
    expect(report).toEqual({
      flushed: "StorageStopped",
      laterFlushed: "StorageStopped",
      read: "StorageStopped",
      written: "StorageStopped",
      told: 1,
      isDurableReadable: true,
    });
    const [code] = await once(child.process, "exit");
    expect(code).toBe(0);
  },
);
