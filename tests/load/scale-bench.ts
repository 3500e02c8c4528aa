import { startBenchBackend } from "./backend.ts";
import { anonymousMemory, BenchChild } from "./child-process.ts";
import { obtainDataset } from "./datasets.ts";
import {
  callersName,
  measureCalls,
  type BenchContext,
  type MeasuredCalls,
} from "./functions-bench.ts";
import type { CallKind } from "./requests.ts";
import { makeRow, type Report } from "./row.ts";

const BENCH = "scale";
const CALLERS = 8;
/** The first one is what the others are compared with. */
const SIZES = [
  { products: 1_000, orders: 0 },
  { products: 10_000, orders: 0 },
  { products: 100_000, orders: 1_000_000 },
];
/** A series search finds as many products in every catalogue, a search of words the same share. */
const KINDS: readonly CallKind[] = [
  "point by id",
  "point by slug",
  "page of 24",
  "series search",
  "search",
  "mutation",
];
const P50_RATIO = 1.5;
const MAX_GROWTH_MB = 200;
const MB = 2 ** 20;

/** The same calls on ever larger stores; arguments vary so that no cache can answer. */
export async function benchScale(context: BenchContext): Promise<void> {
  const baseline = new Map<CallKind, MeasuredCalls>();
  let baselineMb: number | null = null;
  for (const size of SIZES) {
    const dataset = await obtainDataset(size, context.progress);
    const backend = await startBenchBackend(dataset.folder);
    const load = await BenchChild.start("load-process.ts");
    const name = `${String(size.products / 1000)} k products, ${String(size.orders)} orders`;
    try {
      for (const kind of KINDS) {
        if (context.only !== null && !kind.includes(context.only)) continue;
        context.progress(`${name}: ${kind}, ${callersName(CALLERS)}`);
        const options = { isCached: false, callers: CALLERS, durationMs: context.durationMs };
        const measured = await measureCalls({ backend, load, dataset }, kind, options);
        reportP50(context.report, `${kind}, ${name}`, kind, measured, baseline.get(kind) ?? null);
        if (size === SIZES[0]) baseline.set(kind, measured);
      }
      const memoryMb = anonymousMemory(backend.pid) / MB;
      const limit = baselineMb === null ? null : baselineMb + MAX_GROWTH_MB;
      const figure = { bench: BENCH, case: name, metric: "RssAnon", value: memoryMb, unit: "MB" };
      context.report(
        makeRow(
          figure,
          baselineMb,
          limit === null
            ? null
            : { atMost: limit, words: `grows by less than ${String(MAX_GROWTH_MB)}` },
        ),
      );
      baselineMb ??= memoryMb;
    } finally {
      load.stop();
      await backend.stop();
    }
  }
}

function reportP50(
  report: Report,
  name: string,
  kind: CallKind,
  { p50Ms }: MeasuredCalls,
  baseline: MeasuredCalls | null,
): void {
  const figure = { bench: BENCH, case: name, metric: "p50", value: p50Ms, unit: "ms" };
  // Ranking a share of all products looks at more of them the more there are.
  const isBounded = baseline !== null && kind !== "search";
  report(makeRow(figure, baseline?.p50Ms ?? null, isBounded ? { ratioAtMost: P50_RATIO } : null));
}
