import { createHash, randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { DataFolderError } from "./storage-error.ts";

/** Where the owner's address is kept; `swap` must be atomic across processes. */
export interface LockRecord {
  read(): string | null;
  /** Writes `next` if the record still is `expected`; tells whether it did. */
  swap(expected: string | null, next: string | null): boolean;
}

export interface FolderLock {
  release(): void;
  /** Lets go of the folder without a note of that: it is found out that nobody answers. */
  abandon(): void;
}

/** Unix sockets have short addresses: 104 bytes with the final zero on the strictest system. */
const MAX_ADDRESS_LENGTH = 100;

/**
 * Claims a data folder for this process. The owner listens on a local socket, so that a process that
 * was killed frees the folder, and one in another container that shares the folder is noticed.
 * @param beforeClaim told, before anything is written, of the owner that does not answer any more;
 * `null` when the last one gave the folder free. What it throws refuses the folder.
 * @throws DataFolderError `InUse`
 */
export async function lockFolder(
  folder: string,
  record: LockRecord,
  beforeClaim: (owner: string | null) => void = () => undefined,
): Promise<FolderLock> {
  const { address, server } = await listenSomewhere(folder);
  for (;;) {
    const owner = record.read();
    if (owner !== null && (await isAlive(addressOf(folder, owner)))) {
      server.close();
      throw new DataFolderError(
        "InUse",
        `The data folder ${folder} is in use by another process; stop that one first.`,
      );
    }
    try {
      beforeClaim(owner);
    } catch (error) {
      // It may have looked at what another process has begun to write.
      if (record.read() !== owner) continue;
      server.close();
      throw error;
    }
    if (record.swap(owner, address)) {
      if (owner !== null) removeSocket(addressOf(folder, owner));
      return {
        release: () => release(server, record, address),
        abandon: () => void server.close(),
      };
    }
  }
}

/** On a full disk the record stays: nobody answers at its address then, so the next owner takes it over. */
function release(server: Server, record: LockRecord, address: string): void {
  try {
    record.swap(address, null);
  } catch {
    // Whoever asks finds that nobody answers.
  } finally {
    server.close();
  }
}

/**
 * In the folder where that is possible, under a relative name, so that it holds when the folder is
 * moved; else (long paths, file systems without sockets) among the temporary files.
 */
async function listenSomewhere(
  folder: string,
): Promise<{ readonly address: string; readonly server: Server }> {
  const name = `lock-${randomBytes(4).toString("hex")}.sock`;
  if (process.platform === "win32") {
    const hash = createHash("sha256").update(resolve(folder)).digest("hex");
    const address = `\\\\.\\pipe\\${hash}-${name}`;
    return { address, server: await listen(address) };
  }
  if (Buffer.byteLength(resolve(folder, name)) <= MAX_ADDRESS_LENGTH) {
    try {
      return { address: name, server: await listen(resolve(folder, name)) };
    } catch (error) {
      if (!(error instanceof Error && "code" in error)) throw error;
    }
  }
  const address = join(tmpdir(), name);
  return { address, server: await listen(address) };
}

function addressOf(folder: string, address: string): string {
  return process.platform === "win32" ? address : resolve(folder, address);
}

function listen(address: string): Promise<Server> {
  return new Promise((fulfil, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", reject);
    server.listen(address, () => {
      server.unref();
      fulfil(server);
    });
  });
}

function isAlive(address: string): Promise<boolean> {
  return new Promise((fulfil) => {
    const socket = connect(address);
    socket.once("connect", () => {
      socket.destroy();
      fulfil(true);
    });
    socket.once("error", (error: NodeJS.ErrnoException) => {
      // Anything but "nobody there" is taken for an owner: better refuse than share.
      fulfil(error.code !== "ECONNREFUSED" && error.code !== "ENOENT");
    });
  });
}

function removeSocket(address: string): void {
  if (process.platform !== "win32") rmSync(address, { force: true });
}
