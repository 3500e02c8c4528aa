import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { commitWrites } from "./database/commit-writes.ts";
import { startTestDeployment, type TestDeployment } from "./functions/test-deployment.ts";
import { findAnswer, recordAnswer } from "./functions/session-requests.ts";
import { startHousekeeping } from "./housekeeping.ts";
import { insertFile } from "./runtime/file-records.ts";
import { openBlobFolder } from "./storage/blob-folder.ts";
import { temporaryFolder } from "./storage/test-folder.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

let deployment: TestDeployment;
beforeEach(async () => {
  deployment = await startTestDeployment();
}, 60_000);
afterEach(() => deployment.close());

/** Lets a deployment with these blobs clean up once, at a time; resolves when that is done. */
async function cleanUpOnce(
  blobs: ReturnType<typeof openBlobFolder>,
  nowMs: number,
  { isBusy = false } = {},
): Promise<void> {
  const { database } = deployment;
  const sweep = vi.fn(() => Promise.resolve());
  const isAsked = vi.fn();
  const errors: unknown[] = [];
  const sweepBlobs = vi.spyOn(blobs, "sweep");
  vi.useFakeTimers({ toFake: ["setTimeout", "setInterval"] });
  const stop = startHousekeeping({
    database,
    blobs,
    snapshots: {
      sweep,
      get isBusy() {
        isAsked();
        return isBusy;
      },
    },
    now: () => nowMs,
    onError: (error) => void errors.push(error),
  });
  vi.advanceTimersByTime(59_000);
  expect(isAsked).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1_000);
  vi.useRealTimers();
  stop();
  await vi.waitFor(() => expect(isAsked).toHaveBeenCalledOnce(), { timeout: 10_000 });
  if (!isBusy) await vi.waitFor(() => expect(sweepBlobs).toHaveBeenCalledOnce());
  await Promise.all(sweepBlobs.mock.results.map(({ value }) => value as Promise<number>));
  expect(sweep).toHaveBeenCalledTimes(isBusy ? 0 : 1);
  expect(errors).toEqual([]);
}

test("bytes without a row go after an hour; a file's bytes, and new ones, stay", async () => {
  const blobs = openBlobFolder(temporaryFolder());
  const kept = await blobs.write(Buffer.from("a file"));
  const orphan = await blobs.write(Buffer.from("left over"));
  const fields = { componentPath: "part", sha256: "", size: 6, contentType: null };
  await commitWrites(deployment.database, (transaction) =>
    insertFile(transaction, { ...fields, blobKey: kept }),
  );
  const sizes = () => [kept, orphan].map((key) => blobs.sizeOf(key));
  await cleanUpOnce(blobs, Date.now());
  expect(sizes()).toEqual([6, 9]);
  await cleanUpOnce(blobs, Date.now() + 2 * HOUR_MS, { isBusy: true });
  expect(sizes()).toEqual([6, 9]);
  vi.restoreAllMocks();
  await cleanUpOnce(blobs, Date.now() + 2 * HOUR_MS);
  expect(sizes()).toEqual([6, null]);
});

test("answers to mutations are known for two weeks", async () => {
  const { database } = deployment;
  const nowMs = Date.now();
  const ages = [15 * DAY_MS, 13 * DAY_MS];
  await commitWrites(database, (transaction) => {
    for (const [requestId, ageMs] of ages.entries()) {
      const answer = { valueJson: "7", logLines: [] };
      recordAnswer(transaction, { sessionId: "s", requestId }, answer, nowMs - ageMs);
    }
  });
  await cleanUpOnce(openBlobFolder(temporaryFolder()), nowMs);
  const found = ages.map((_, requestId) =>
    findAnswer(database.begin(), { sessionId: "s", requestId }),
  );
  expect(found).toEqual([null, expect.objectContaining({ valueJson: "7" })]);
});
