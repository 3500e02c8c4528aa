import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

import { preferPort } from "#scripts/ports.ts";

import { CACHE, REPOSITORY } from "./backend.ts";
import { anonymousMemory, readProcess } from "./child-process.ts";
import type { BenchContext } from "./functions-bench.ts";
import { makeRow, type Row } from "./row.ts";

const BENCH = "boot";
const SECOND_STARTS = 3;
const START_LIMIT_MS = 120_000;
const POLL_MS = 10;
/** A shop at rest: after its start's work is over and what that left behind is collected. */
const REST_MS = 60_000;
const MAX_START_S = 3;
const MAX_MEMORY_MB = 300;
const MB = 2 ** 20;

/** `npm start` of the built shop: from the command to the first page, and its memory at rest. */
export async function benchBoot(context: BenchContext): Promise<void> {
  const folder = join(CACHE, "boot");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const empty = await measureEmptyProcess();
  const report = (metric: string, value: number, unit: string, atMost: number | null) => {
    const control = unit === "s" ? empty.seconds : empty.memoryMb;
    const row: Pick<Row, "bench" | "case" | "metric" | "value" | "unit"> = {
      bench: BENCH,
      case: "npm start",
      metric,
      value,
      unit,
    };
    context.report(makeRow(row, control, atMost === null ? null : { atMost }));
  };
  context.progress("building, then the first start with demo data");
  // A start that ends at once builds whatever is not built.
  await runToEnd(["scripts/build.mjs"]);
  const begunAt = performance.now();
  const first = await startShop(folder);
  await demoLoaded(folder);
  report("first start with demo data", (performance.now() - begunAt) / 1000, "s", null);
  await rest();
  report("memory at rest after the first start", first.memoryMb(), "MB", MAX_MEMORY_MB);
  await first.stop();
  const seconds: number[] = [];
  for (let start = 1; start <= SECOND_STARTS; start += 1) {
    context.progress(`start ${String(start)} of ${String(SECOND_STARTS)} on the same data`);
    const shop = await startShop(folder);
    seconds.push(shop.seconds);
    if (start === SECOND_STARTS) {
      await rest();
      report("memory at rest", shop.memoryMb(), "MB", MAX_MEMORY_MB);
    }
    await shop.stop();
  }
  seconds.sort((left, right) => left - right);
  report("second start to first page", seconds[SECOND_STARTS >>> 1] ?? NaN, "s", MAX_START_S);
}

/** The launcher tells where everything is when all of it is there. */
async function demoLoaded(folder: string): Promise<void> {
  const giveUpAt = performance.now() + START_LIMIT_MS;
  while (!existsSync(join(folder, "running.json"))) {
    if (performance.now() > giveUpAt) throw new Error("The demo was not loaded in time.");
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

interface StartedShop {
  readonly seconds: number;
  /** All processes but the stand-ins. */
  memoryMb(): number;
  stop(): Promise<void>;
}

async function startShop(folder: string): Promise<StartedShop> {
  const port = await preferPort("127.0.0.1", 0);
  const startedAt = performance.now();
  const child = spawn("npm", ["start"], {
    cwd: REPOSITORY,
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, DATA_DIR: folder, PORT: String(port), DEMO: "1" },
  });
  const ended = new Promise<never>((_, reject) => {
    child.once("exit", () => reject(new Error("The shop ended before it showed a page.")));
  });
  ended.catch(() => undefined);
  await Promise.race([firstPage(port), ended]);
  const seconds = (performance.now() - startedAt) / 1000;
  return {
    seconds,
    memoryMb: () =>
      descendants(child.pid ?? 0)
        .filter((pid) => !commandOf(pid).includes("standins"))
        .reduce((sum, pid) => sum + anonymousMemory(pid) / MB, 0),
    stop: () => stopShop(child),
  };
}

/** The shop answers with a page once it is ready; until then there is nobody or a refusal. */
async function firstPage(port: number): Promise<void> {
  const giveUpAt = performance.now() + START_LIMIT_MS;
  while (performance.now() < giveUpAt) {
    try {
      const response = await fetch(`http://127.0.0.1:${String(port)}/`);
      const text = await response.text();
      if (response.ok && text.includes("</html>")) return;
    } catch {
      // Nobody listens yet.
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error("The shop showed no page in time.");
}

/** The launcher is told itself: npm and its shell would leave it alone. Waits until nothing is left. */
async function stopShop(child: ChildProcess): Promise<void> {
  const pids = descendants(child.pid ?? 0);
  const launcher = pids.findLast((pid) => commandOf(pid).includes("start.mjs"));
  if (launcher !== undefined) process.kill(launcher, "SIGTERM");
  while (pids.some((pid) => commandOf(pid) !== "")) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

async function measureEmptyProcess(): Promise<{ seconds: number; memoryMb: number }> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, ["-e", "console.log(1); setTimeout(() => {}, 60_000)"]);
  await new Promise((resolve) => child.stdout.once("data", resolve));
  const seconds = (performance.now() - startedAt) / 1000;
  await new Promise((resolve) => setTimeout(resolve, 500));
  const memoryMb = anonymousMemory(child.pid ?? 0) / MB;
  child.kill("SIGKILL");
  return { seconds, memoryMb };
}

async function runToEnd(args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [...args], { cwd: REPOSITORY, stdio: "ignore" });
  const code = await new Promise((resolve) => child.once("exit", resolve));
  if (code !== 0) throw new Error(`${args.join(" ")} failed.`);
}

function rest(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, REST_MS));
}

/** A process and all that it and its children started. */
function descendants(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const entry of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const parent = parentOf(Number(entry));
    if (parent !== null) children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
  }
  const found = [root];
  for (const pid of found) found.push(...(children.get(pid) ?? []));
  return found;
}

function parentOf(pid: number): number | null {
  const stat = readProcess(pid, "stat");
  if (stat === null) return null;
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}

function commandOf(pid: number): string {
  return readProcess(pid, "cmdline") ?? "";
}
