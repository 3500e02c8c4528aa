import { startBenchBackend, type BenchBackend } from "./backend.ts";
import { anonymousMemory, BenchChild } from "./child-process.ts";
import { obtainDataset, type Dataset } from "./datasets.ts";
import { callersName, measureCalls, type BenchContext } from "./functions-bench.ts";
import type { CallKind } from "./requests.ts";
import { percentile } from "./messages.ts";
import { makeRow } from "./row.ts";
import { benchScalePages } from "./scale-pages.ts";
import { BENCH, CALLERS, P50_RATIO, reportMemory, SIZES, sizeName } from "./scale-sizes.ts";

/** A series search finds as many products in every catalogue, a search of words the same share. */
const KINDS: readonly CallKind[] = [
  "point by id",
  "point by slug",
  "page of 24",
  "series search",
  "search",
  "mutation",
];

/** All sizes take turns in each, so that they meet the same machine. */
const ROUNDS = 3;

/** The same calls, and pages of the shop, on ever larger stores. */
export async function benchScale(context: BenchContext): Promise<void> {
  await benchScaleFunctions(context);
  await benchScalePages(context);
}

interface Store {
  readonly name: string;
  readonly dataset: Dataset;
  readonly backend: BenchBackend;
}

/** Arguments vary so that no cache can answer. */
async function benchScaleFunctions(context: BenchContext): Promise<void> {
  const kinds = KINDS.filter((kind) => context.only === null || kind.includes(context.only));
  if (kinds.length === 0) return;
  const stores: Store[] = [];
  const load = await BenchChild.start("load-process.ts");
  try {
    for (const size of SIZES) {
      const dataset = await obtainDataset(size, context.progress);
      const backend = await startBenchBackend(dataset.folder);
      stores.push({ name: sizeName(size), dataset, backend });
    }
    for (const kind of kinds) await benchKind(context, kind, stores, load);
    reportMemory(
      context.report,
      stores.map(({ name, backend }) => ({ name, bytes: anonymousMemory(backend.pid) })),
    );
  } finally {
    load.stop();
    for (const { backend } of stores) await backend.stop();
  }
}

async function benchKind(
  context: BenchContext,
  kind: CallKind,
  stores: readonly Store[],
  load: BenchChild,
): Promise<void> {
  const rounds = stores.map((): number[] => []);
  const options = { isCached: false, callers: CALLERS, durationMs: context.durationMs / ROUNDS };
  for (let round = 1; round <= ROUNDS; round += 1) {
    context.progress(`${kind}, ${callersName(CALLERS)}, round ${String(round)}`);
    for (const [at, { dataset, backend }] of stores.entries()) {
      const { p50Ms } = await measureCalls({ backend, load, dataset }, kind, options);
      rounds[at]?.push(p50Ms);
    }
  }
  let baseline: number | null = null;
  for (const [at, { name }] of stores.entries()) {
    const value = percentile(rounds[at] ?? [], 0.5);
    // Ranking a share of all products looks at more of them the more there are.
    const isBounded = baseline !== null && kind !== "search";
    const reach = isBounded ? { ratioAtMost: P50_RATIO } : null;
    const figure = { bench: BENCH, case: `${kind}, ${name}`, metric: "p50", value, unit: "ms" };
    context.report(makeRow(figure, baseline, reach));
    baseline ??= value;
  }
}
