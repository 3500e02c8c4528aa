/** A disk that is not done until it is let go, and who waits for it. */
import { onTestFinished, vi } from "vitest";

import { Storage } from "./storage/storage.ts";

export interface SlowDisk {
  /** The newest timestamp that is written, and not on the disk. */
  readonly newestTs: bigint;
  /** Resolves when so many have asked for what is not on the disk. */
  awaitedBy(count: number): Promise<void>;
  letGo(): void;
}

interface StorageMethods {
  readonly write: (this: Storage, ...args: Parameters<Storage["write"]>) => void;
  readonly flushed: (this: Storage, ts: bigint) => Promise<void>;
}

/**
 * From now on nobody is told that what is written, in any store of this process, is on the disk; at the
 * test's end at the latest it is let go.
 */
export function holdDisk(): SlowDisk {
  let letGo: () => void = () => undefined;
  const isLetGo = new Promise<void>((resolve) => (letGo = resolve));
  let firstTs: bigint | null = null;
  let newestTs = 0n;
  let count = 0;
  let onAsked: () => void = () => undefined;

  const { write, flushed } = Storage.prototype as StorageMethods;
  vi.spyOn(Storage.prototype, "write").mockImplementation(function (this: Storage, writes, ts) {
    firstTs ??= ts;
    newestTs = ts;
    write.call(this, writes, ts);
  });
  vi.spyOn(Storage.prototype, "flushed").mockImplementation(async function (this: Storage, ts) {
    if (firstTs !== null && ts >= firstTs) {
      count += 1;
      onAsked();
      await isLetGo;
    }
    await flushed.call(this, ts);
  });

  const end = () => {
    vi.restoreAllMocks();
    letGo();
  };
  onTestFinished(end);
  return {
    get newestTs() {
      return newestTs;
    },
    async awaitedBy(wanted) {
      while (count < wanted) await new Promise<void>((resolve) => (onAsked = resolve));
    },
    letGo: end,
  };
}
