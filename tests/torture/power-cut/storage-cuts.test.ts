/** The storage layer alone, with a journal whose files take turns all the time. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { Random } from "../random.ts";
import { cutPower, Inspector } from "./power-cuts.ts";
import { readEvents, RecordedDisk } from "./recorded-disk.ts";
import { canRecord, recorderEnvironment, type Recording } from "./recorder.ts";

const WRITES = 120;
const POINTS = 60;
const SEED = Date.now() % 1_000_000;

let folder: string;
let inspector: Inspector<number>;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "storage-cuts-"));
  inspector = new Inspector("storage-inspection.ts");
});
afterAll(() => {
  inspector.end();
  rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(!canRecord())("after a power cut at any moment", () => {
  test("a store has every acknowledged write, with the files it names", async () => {
    const recording = record("sync");
    expect(await problemsOf(recording), `seed ${SEED}`).toEqual([]);
    expect(recording.acks).toHaveLength(WRITES + 1);
  }, 120_000);

  test("a store that does not sync has lost writes", async () => {
    const problems = await problemsOf(record("noSync"));
    expect(problems.join("\n"), `seed ${SEED}`).toMatch(
      /is acknowledged and lost|is half there|damaged|the store ended its process/,
    );
  }, 120_000);
});

function problemsOf(recording: Recording<number>): Promise<readonly string[]> {
  const cuts = { disk: new RecordedDisk(), random: new Random(SEED), points: POINTS };
  return cutPower(recording, inspector, cuts);
}

/** Runs the process to its end; what it appends to `acks` is acknowledged. */
function record(mode: "sync" | "noSync"): Recording<number> {
  const recorded = mkdtempSync(join(folder, "recorded-"));
  const log = `${recorded}.log`;
  const entry = fileURLToPath(new URL("recorded-storage.ts", import.meta.url));
  execFileSync(process.execPath, ["--import", "tsx", entry, recorded, String(WRITES), mode], {
    stdio: ["ignore", "inherit", "inherit"],
    env: recorderEnvironment(folder, { recorded, log }),
  });
  const events = readEvents(readFileSync(log), recorded);
  const acks = events
    .filter(({ path, operation }) => path === "acks" && operation === "write")
    .map(({ data, end }) => ({ ack: Number(data.toString()), position: end }));
  return { events, acks };
}
