/** The whole engine: the backend's program with its clients. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { Random } from "../random.ts";
import type { EngineAck } from "./engine-acks.ts";
import { cutPower, Inspector } from "./power-cuts.ts";
import { RecordedDisk } from "./recorded-disk.ts";
import { recordEngine } from "./recorded-engine.ts";
import { canRecord, type Recording } from "./recorder.ts";

const POINTS = 20;
const SEED = Date.now() % 1_000_000;

let folder: string;
let inspector: Inspector<EngineAck>;
let recording: Recording<EngineAck>;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "engine-cuts-"));
  inspector = new Inspector("engine-inspection.ts");
});
afterAll(() => {
  inspector.end();
  rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(!canRecord())("after a power cut at any moment", () => {
  beforeAll(async () => void (recording = await recordEngine(folder, SEED)), 120_000);

  test("everything that clients were told is there, whole and once", async () => {
    expect(await problemsOf(new RecordedDisk()), `seed ${SEED}`).toEqual([]);
    const kinds = new Set(
      recording.acks.map(({ ack }) => (ack.kind === "mutation" ? ack.path : ack.kind)),
    );
    expect(kinds.size).toBe(9);
  }, 120_000);

  test.each([
    ["nothing is", () => true],
    ["the journal is not", (path: string) => /^database\/journal-\d$/.test(path)],
    ["the data file is not", (path: string) => path === "database/data.mdb"],
    ["the folder of the database is not", (path: string) => path === "database"],
    ["the bytes of files are not", (path: string) => /^files\/..\/.+/.test(path)],
    ["the folders that files are in are not", (path: string) => /^files\/..$/.test(path)],
    ["the folder above those is not", (path: string) => path === "files"],
    ["the folder of it all is not", (path: string) => path === ""],
  ])(
    "something is lost when %s synced",
    async (_what, ignoresSync) => {
      expect(await problemsOf(new RecordedDisk(ignoresSync)), `seed ${SEED}`).not.toEqual([]);
    },
    120_000,
  );
});

function problemsOf(disk: RecordedDisk): Promise<readonly string[]> {
  return cutPower(recording, inspector, { disk, random: new Random(SEED), points: POINTS });
}
