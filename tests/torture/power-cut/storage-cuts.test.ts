/** The storage layer alone, with a journal whose files take turns all the time. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { JOURNAL_FILES } from "#embedded/storage/journal.ts";
import { Storage } from "#embedded/storage/storage.ts";
import { makeFormer } from "#embedded/storage/test-former-format.ts";

import { Random } from "../random.ts";
import { cutPower, Inspector } from "./power-cuts.ts";
import { readEvents, RecordedDisk } from "./recorded-disk.ts";
import { writesOf } from "./recorded-rows.ts";
import { canRecord, recorderEnvironment, type Recording } from "./recorder.ts";

const WRITES = 120;
const POINTS = 60;
/** Rows that a store had before it was recorded. */
const EARLIER = 5;
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

  test.each([
    ["was killed", killed],
    ["was closed and lost its journal", closedWithoutJournal],
    ["an earlier version left when it was killed", former],
  ])(
    "a store that %s is taken over whole",
    async (_what, prepare) => {
      const recorded = await prepare();
      const disk = new RecordedDisk();
      disk.load(recorded);
      const { events, acks } = record("sync", { recorded, first: EARLIER + 1, last: EARLIER + 8 });
      const known = Array.from({ length: EARLIER + 1 }, (_, ack) => ({ ack, position: 0 }));
      const recording = { events, acks: [...known, ...acks] };
      const cuts = { disk, random: new Random(SEED), points: Infinity };
      expect(await cutPower(recording, inspector, cuts), `seed ${SEED}`).toEqual([]);
      expect(acks).toHaveLength(9);
    },
    120_000,
  );

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

/** Each has the first rows, in the journal alone. */
async function killed(): Promise<string> {
  const original = mkdtempSync(join(folder, "original-"));
  const journal = { keys: Infinity, bytes: Infinity, ageMs: 1_000_000 };
  const storage = await Storage.open(join(original, "database"), { journal });
  for (let number = 1; number <= EARLIER; number += 1) {
    storage.write(writesOf(number, null), BigInt(number));
    await storage.flushed(BigInt(number));
  }
  const copy = mkdtempSync(join(folder, "recorded-"));
  const filter = (path: string) => !/lock(\.mdb|-\w+\.sock)$/.test(path);
  cpSync(original, copy, { recursive: true, filter });
  await storage.close();
  return copy;
}

async function closedWithoutJournal(): Promise<string> {
  const left = await killed();
  const storage = await Storage.open(join(left, "database"));
  await storage.close();
  for (const name of JOURNAL_FILES) rmSync(join(left, "database", name));
  return left;
}

async function former(): Promise<string> {
  const left = await killed();
  await makeFormer(join(left, "database"));
  return left;
}

/** Runs the process to its end; what it appends to `acks` is acknowledged. */
function record(
  mode: "sync" | "noSync",
  { recorded = mkdtempSync(join(folder, "recorded-")), first = 1, last = WRITES } = {},
): Recording<number> {
  const log = `${recorded}.log`;
  const entry = fileURLToPath(new URL("recorded-storage.ts", import.meta.url));
  const args = [recorded, String(first), String(last), mode];
  execFileSync(process.execPath, ["--import", "tsx", entry, ...args], {
    stdio: ["ignore", "inherit", "inherit"],
    env: recorderEnvironment(folder, { recorded, log, syncMs: 2 }),
  });
  const events = readEvents(readFileSync(log), recorded);
  const acks = events
    .filter(({ path, operation }) => path === "acks" && operation === "write")
    .map(({ data, end }) => ({ ack: Number(data.toString()), position: end }));
  return { events, acks };
}
