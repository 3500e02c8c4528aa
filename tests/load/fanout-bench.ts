import { startBenchBackend } from "./backend.ts";
import { BenchChild } from "./child-process.ts";
import { obtainDataset } from "./datasets.ts";
import { measureLmdb, type BenchContext } from "./functions-bench.ts";
import type { FanoutFigures, FanoutLoad } from "./messages.ts";
import { makeRow, type Reach } from "./row.ts";

const BENCH = "fanout";
const WATCHERS = [1, 100, 1_000];
const CHANGES = 200;
const PRODUCTS = 1_000;
const ALLOWANCE_MS = 1.5;

/** One change of a product's stock and all sockets that watch it. */
export async function benchFanout(context: BenchContext): Promise<void> {
  const dataset = await obtainDataset({ products: PRODUCTS, orders: 0 }, context.progress);
  const backend = await startBenchBackend(dataset.folder);
  const load = await BenchChild.start("load-process.ts");
  try {
    for (const watchers of WATCHERS) {
      const name = watchers === 1 ? "1 watcher" : `${String(watchers)} watchers`;
      if (context.only !== null && !name.includes(context.only)) continue;
      context.progress(`${name}, ${String(CHANGES)} changes`);
      const task: FanoutLoad = {
        task: "fanout",
        server: "convex",
        port: backend.port,
        pid: backend.pid,
        watchers,
        changes: CHANGES,
        productId: dataset.ids[watchers % dataset.ids.length] ?? "",
      };
      const measured = await load.run<FanoutFigures>(task);
      const bare = await measureBroadcast(load, task, measured.frame);
      const commit = await measureLmdb(true, 1, context.durationMs);
      reportFigures(context, name, watchers, measured, bare, commit.p50Ms);
    }
  } finally {
    load.stop();
    await backend.stop();
  }
}

async function measureBroadcast(
  load: BenchChild,
  task: FanoutLoad,
  frame: string,
): Promise<FanoutFigures> {
  const control = await BenchChild.start("control-process.ts");
  try {
    const { port } = await control.run<{ port: number }>({ task: "broadcast", frame });
    return await load.run<FanoutFigures>({ ...task, server: "bare", port, pid: control.pid });
  } finally {
    control.stop();
  }
}

function reportFigures(
  { report }: BenchContext,
  name: string,
  watchers: number,
  measured: FanoutFigures,
  bare: FanoutFigures,
  commitMs: number,
): void {
  const atMost = bare.p50Ms + commitMs + ALLOWANCE_MS;
  const alone: Reach = {
    atMost,
    words: `≤ ${atMost.toFixed(2)} (bare ws + durable commit of ${commitMs.toFixed(2)} + ${String(ALLOWANCE_MS)})`,
  };
  const figure = { bench: BENCH, case: name, unit: "ms" };
  const p50Reach = watchers === 1 ? alone : watchers === 1_000 ? { ratioAtMost: 1.5 } : null;
  report(makeRow({ ...figure, metric: "p50", value: measured.p50Ms }, bare.p50Ms, p50Reach));
  const p99Reach = watchers === 1_000 ? { ratioAtMost: 2 } : null;
  report(makeRow({ ...figure, metric: "p99", value: measured.p99Ms }, bare.p99Ms, p99Reach));
  const processor = { ...figure, metric: "processor", unit: "µs/change" };
  report(makeRow({ ...processor, value: measured.processorUs }, bare.processorUs));
}
