import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { lockFolder, type LockRecord } from "./folder-lock.ts";
import { temporaryFolder } from "./test-folder.ts";

const DEAD = "lock-dead.sock";
const ALIVE = "lock-alive.sock";

/** A record that changes once, after it was first read, as by another process. */
function recordOf(first: string | null, then: string | null) {
  const state = { stored: first, isRead: false };
  const record: LockRecord = {
    read() {
      const { stored } = state;
      if (!state.isRead) state.stored = then;
      state.isRead = true;
      return stored;
    },
    swap(expected, next) {
      if (state.stored !== expected) return false;
      state.stored = next;
      return true;
    },
  };
  return { state, record };
}

async function folderWithOwner(): Promise<string> {
  const folder = temporaryFolder();
  const owner = createServer((socket) => socket.destroy()).listen(join(folder, ALIVE));
  onTestFinished(() => void owner.close());
  await once(owner, "listening");
  return folder;
}

test("the folder of an owner that does not answer is taken over, and given free again", async () => {
  const { state, record } = recordOf(DEAD, DEAD);
  const lock = await lockFolder(await folderWithOwner(), record);
  expect(state.stored).toMatch(/^lock-[0-9a-f]{8}\.sock$/);
  lock.release();
  expect(state.stored).toBeNull();
});

test("who finds the folder free a moment after another took it is refused", async () => {
  for (const seen of [null, DEAD]) {
    const { state, record } = recordOf(seen, ALIVE);
    await expect(lockFolder(await folderWithOwner(), record)).rejects.toThrow(
      /is in use by another process; stop that one first\.$/,
    );
    expect(state.stored).toBe(ALIVE);
  }
});
