import { expect } from "vitest";

import type { TRANSACTION_LIMITS } from "#embedded/lib/limits.ts";
import type { CasesOf, LimitCase, Scene } from "./limit-case.ts";

const HALF_MIB = 2 ** 19;
/** What the documents of the fixture take without their text. */
const SMALLEST_DOCUMENT = 70;

export const transactionCases: CasesOf<typeof TRANSACTION_LIMITS> = {
  documentsRead: async ({ backend }, max) => {
    const page = 1_000;
    await backend.run("transactions:insert", { count: page });
    const counts = [...filled(max / page, page), 1];
    await expect(backend.run("transactions:read", { counts })).resolves.toMatchObject(
      refused(
        max / page,
        "Too many documents read in a single function execution (limit: 32000). Consider using",
      ),
    );
  },
  bytesRead: async ({ backend }, max) => {
    const write = (sizes: number[]) => backend.run("transactions:insertBytes", { sizes });
    const { ids } = (await write(filled(max / HALF_MIB, HALF_MIB))) as { ids: string[] };
    const { ids: more } = (await write([SMALLEST_DOCUMENT])) as { ids: string[] };
    await expect(
      backend.run("transactions:readBytes", { ids: [...ids, ...more] }),
    ).resolves.toMatchObject(
      refused(
        ids.length,
        "Too many bytes read in a single function execution (limit: 16777216 bytes). Consider using",
      ),
    );
  },
  databaseQueries: refusesNext(
    "transactions:lookUp",
    (count) => ({ count }),
    "Too many reads in a single function execution (limit: 4096). Consider using",
  ),
  documentsWritten: refusesNext(
    "transactions:insert",
    (count) => ({ count }),
    "Too many writes in a single function execution (limit: 16000)",
  ),
  bytesWritten: async ({ backend }, max) => {
    const message = "Too many bytes written in a single function execution (limit: 16 MiB)";
    const sizes = [...filled(max / HALF_MIB, HALF_MIB), SMALLEST_DOCUMENT];
    await expect(backend.run("transactions:insertBytes", { sizes })).resolves.toMatchObject(
      refused(sizes.length - 1, message),
    );
    const args = { table: "unwritten", count: sizes.length, size: HALF_MIB };
    await expect(backend.run("transactions:insertOrFail", args)).rejects.toThrow(message);
    await expect(backend.run("transactions:isEmpty", args)).resolves.toBe(true);
  },
  functionsScheduled: refusesNext(
    "transactions:schedule",
    (count) => ({ sizes: filled(count, 20) }),
    "Too many functions scheduled by this mutation (limit: 1000)",
  ),
  scheduledFunctionArgsBytes: ({ backend }, max) =>
    expect(
      backend.run("transactions:schedule", { sizes: [...filled(4, max / 4), 11] }),
    ).resolves.toMatchObject(
      refused(
        4,
        "Too large total size of the arguments of scheduled functions from this mutation (limit: " +
          "16777216 bytes)",
      ),
    ),
  filesRead: async (scene, max) => {
    const id = await upload(scene, 1);
    await refusesNext(
      "transactions:readFiles",
      (count) => ({ ids: filled(count, id) }),
      "Too many files read in a single function execution (limit: 1000)",
    )(scene, max);
  },
  fileReadBytes: async (scene, max) => {
    const ids = [await upload(scene, max), await upload(scene, 1)];
    await expect(scene.backend.run("transactions:readFiles", { ids })).resolves.toMatchObject(
      refused(1, "Too many bytes of files read in a single function execution (limit: 16 MiB)"),
    );
  },
  filesWritten: refusesNext(
    "transactions:storeFiles",
    (count) => ({ sizes: filled(count, 1) }),
    "Too many files written in a single function execution (limit: 100)",
  ),
  fileWriteBytes: ({ backend }, max) =>
    expect(backend.run("transactions:storeFiles", { sizes: [max, 1] })).resolves.toMatchObject(
      refused(1, "Too many bytes of files written in a single function execution (limit: 16 MiB)"),
    ),
};

/** As often as allowed it passes, then no more. */
function refusesNext(path: string, argsOf: (count: number) => object, message: string): LimitCase {
  return async ({ backend }, max) => {
    await expect(backend.run(path, argsOf(max + 1))).resolves.toMatchObject(refused(max, message));
  };
}

function refused(passed: number, message: string): object {
  return { passed, refusal: expect.stringContaining(message) as string };
}

function filled<Item>(length: number, item: Item): Item[] {
  return Array.from({ length }, () => item);
}

/** Returns the file's id. */
async function upload({ backend }: Scene, size: number): Promise<string> {
  const url = (await backend.run("transactions:uploadUrl")) as string;
  const response = await fetch(url, { method: "POST", body: new Uint8Array(size) });
  const { storageId } = (await response.json()) as { storageId: string };
  return storageId;
}
