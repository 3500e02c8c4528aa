import { statfsSync } from "node:fs";

import { DiskFullError } from "./storage-error.ts";

/** Room on a disk in bytes, for a process without special rights. */
export interface Room {
  readonly free: number;
  readonly total: number;
}

/** What stays free for writes that were let in already, and for what others write meanwhile. */
const RESERVE = 16 * 1024 * 1024;
const RESERVE_SHARE = 1 / 16;
/** Others write to the disk too, so that an answer is old soon. */
const MAX_AGE_MS = 100;

/**
 * Says in advance whether a write will fit, because a write that was let in cannot be taken back:
 * a full disk then refuses what is new, and everything that was acknowledged can still be read.
 */
export class DiskSpace {
  readonly #folder: string;
  readonly #measure: (folder: string) => Room;
  #room: Room | null = null;
  #measuredAt = 0;

  constructor(folder: string, measure: (folder: string) => Room = measureRoom) {
    this.#folder = folder;
    this.#measure = measure;
  }

  /**
   * @param unwritten bytes that were let in and may not be on the disk yet.
   * @throws DiskFullError when no more may be let in.
   */
  require(unwritten = 0): void {
    const { free, total } = this.#current();
    if (free - unwritten < Math.min(RESERVE, total * RESERVE_SHARE)) {
      throw new DiskFullError(free);
    }
  }

  /** Something was written: what was measured before no longer holds. */
  noteWritten(): void {
    this.#room = null;
  }

  #current(): Room {
    const now = performance.now();
    if (this.#room === null || now - this.#measuredAt > MAX_AGE_MS) {
      this.#room = this.#measure(this.#folder);
      this.#measuredAt = now;
    }
    return this.#room;
  }
}

function measureRoom(folder: string): Room {
  const { bavail, blocks, bsize } = statfsSync(folder);
  // File systems without an answer (some network ones) say 0 blocks: they refuse by themselves.
  return blocks === 0
    ? { free: Infinity, total: 0 }
    : { free: bavail * bsize, total: blocks * bsize };
}
