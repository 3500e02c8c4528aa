import { execFileSync, fork, spawnSync, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { Random } from "../random.ts";
import type { Inspection } from "./inspecting-process.ts";
import { readEvents, RecordedDisk, type RecordedEvent } from "./recorded-disk.ts";

const WRITES = 120;
/** Enough to show that something is lost; where nothing must be, all are wanted. */
const MAX_PROBLEMS = 1;
const POINTS = 60;
const SEED = Date.now() % 1_000_000;

const hasCompiler =
  process.platform === "linux" && spawnSync("gcc", ["--version"]).error === undefined;
if (!hasCompiler) {
  console.warn("SKIPPED: power cuts cannot be played through without Linux and gcc.");
}

let folder: string;
let inspector: ChildProcess | null = null;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "power-cut-"))));
afterAll(() => {
  inspector?.kill();
  rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(!hasCompiler)("after a power cut at any moment", () => {
  beforeAll(() => {
    const source = fileURLToPath(new URL("recorder.c", import.meta.url));
    const options = ["-O1", "-shared", "-fPIC", "-o", join(folder, "recorder.so")];
    execFileSync("gcc", [...options, source, "-ldl", "-lpthread"]);
  });

  test("every acknowledged write is there, with the files it names", async () => {
    const events = record("sync");
    const { problems, acknowledged } = await cutEverywhere(events, new RecordedDisk());
    expect(problems).toEqual([]);
    expect(acknowledged).toBe(WRITES);
  }, 120_000);

  test("writes are lost when the store does not sync, and this test sees it", async () => {
    const { problems } = await cutEverywhere(record("noSync"), new RecordedDisk());
    expect(problems.join("\n")).toMatch(
      /is acknowledged and lost|is half there|damaged|the store ended its process/,
    );
  }, 120_000);

  test.each([
    ["the journal is", (path: string) => /^database\/journal-\d$/.test(path)],
    ["the data file is", (path: string) => path === "database/data.mdb"],
    ["the folder of the database is", (path: string) => path === "database"],
    ["the bytes of files are", (path: string) => /^files\/..\/.+/.test(path)],
    ["the folders that files are in are", (path: string) => /^files\/..$/.test(path)],
    ["the folder above those is", (path: string) => path === "files"],
    ["the folder of it all is", (path: string) => path === ""],
  ])(
    "something is lost when %s not synced",
    async (_what, ignoresSync) => {
      const { problems } = await cutEverywhere(record("sync"), new RecordedDisk(ignoresSync));
      expect(problems).not.toEqual([]);
    },
    120_000,
  );
});

/** Runs the process to its end and returns what it did to its files. */
function record(mode: "sync" | "noSync"): RecordedEvent[] {
  const recorded = mkdtempSync(join(folder, "recorded-"));
  const log = `${recorded}.log`;
  const entry = fileURLToPath(new URL("recorded-process.ts", import.meta.url));
  execFileSync(process.execPath, ["--import", "tsx", entry, recorded, String(WRITES), mode], {
    stdio: ["ignore", "inherit", "inherit"],
    env: {
      ...process.env,
      LD_PRELOAD: join(folder, "recorder.so"),
      RECORDER_LOG: log,
      RECORDER_FOLDER: recorded,
      // Kernel queues would pass by the recorder.
      UV_USE_IO_URING: "0",
    },
  });
  return readEvents(readFileSync(log), recorded);
}

interface CutResult {
  readonly problems: readonly string[];
  readonly acknowledged: number;
}

/** Cuts the power at random moments and looks at what is left each time. */
async function cutEverywhere(
  events: readonly RecordedEvent[],
  disk: RecordedDisk,
): Promise<CutResult> {
  const random = new Random(SEED);
  const relevant = events.filter(({ path }) => !/lock(\.mdb|-\w+\.sock)$/.test(path));
  const points = new Set(
    Array.from({ length: POINTS }, () => random.integer(0, relevant.length)),
  ).add(relevant.length - 1);
  const problems: string[] = [];
  const acknowledged = new Set<number>();
  let hasStarted = false;
  for (const [position, event] of relevant.entries()) {
    if (event.path === "acks") {
      const number = Number(event.operation === "create" ? 0 : event.data.toString());
      if (number > 0) acknowledged.add(number);
      hasStarted = true;
    } else disk.apply(event);
    if (!points.has(position)) continue;
    const left = mkdtempSync(join(folder, "left-"));
    disk.cut(random, left);
    const found = await inspect({ left, hasStarted, acknowledged: [...acknowledged] });
    problems.push(...found.map((problem) => `seed ${SEED}, event ${position}: ${problem}`));
    rmSync(left, { recursive: true });
    if (problems.length >= MAX_PROBLEMS) break;
  }
  return { problems, acknowledged: acknowledged.size };
}

/** In another process, which LMDB may end when the store is torn. */
function inspect(request: Inspection): Promise<readonly string[]> {
  const path = fileURLToPath(new URL("inspecting-process.ts", import.meta.url));
  inspector ??= fork(path, [], {
    execArgv: ["--import", "tsx"],
    stdio: ["ignore", "inherit", "ignore", "ipc"],
  });
  const asked = inspector;
  return new Promise((resolve) => {
    const ended = () => {
      inspector = null;
      resolve(["the store ended its process"]);
    };
    asked.once("exit", ended);
    asked.once("message", (problems) => {
      asked.off("exit", ended);
      resolve(problems as readonly string[]);
    });
    asked.send(request);
  });
}
