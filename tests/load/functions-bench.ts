import { join } from "node:path";

import { CACHE, startBenchBackend, type BenchBackend } from "./backend.ts";
import { BenchChild, processorTime } from "./child-process.ts";
import { obtainDataset, type Dataset } from "./datasets.ts";
import type { HttpFigures, HttpLoad, LmdbFigures } from "./messages.ts";
import type { CallKind } from "./requests.ts";
import { makeRow, type Reach, type Report } from "./row.ts";

export interface BenchContext {
  readonly report: Report;
  readonly progress: (line: string) => void;
  /** How long each case is measured, in milliseconds. */
  readonly durationMs: number;
  /** Leaves out all but the cases that hold this text. */
  readonly only: string | null;
}

const BENCH = "functions";
const SIZES = [1_000, 10_000];
const CALLERS = [1, 8, 32];
const WARM_UP_MS = 1_000;
/** A backend that has just started compiles what runs often; by then it has. */
const COMPILING_MS = 12_000;

const QUERY_KINDS: readonly CallKind[] = ["point by id", "point by slug", "page of 24", "search"];
const UNCACHED_REACH: Partial<Record<CallKind, number>> = {
  "point by id": 4_000,
  "point by slug": 4_000,
  "page of 24": 1_200,
  search: 500,
};
const CACHED_RATIO = 0.4;
const MUTATION_RATIO = 0.4;

/** Single calls through the HTTP API. */
export async function benchFunctions(context: BenchContext): Promise<void> {
  for (const products of SIZES) {
    const dataset = await obtainDataset({ products, orders: 0 }, context.progress);
    const backend = await startBenchBackend(dataset.folder);
    const load = await BenchChild.start("load-process.ts");
    try {
      const subject = { backend, load, dataset };
      for (const kind of QUERY_KINDS) await benchQuery(context, subject, kind);
      await benchMutation(context, subject);
    } finally {
      load.stop();
      await backend.stop();
    }
  }
}

/** What calls are made to, and by whom. */
export interface LoadSubject {
  readonly backend: BenchBackend;
  readonly load: BenchChild;
  readonly dataset: Dataset;
}

export interface MeasuredCalls extends HttpFigures {
  /** Processor time of the backend per call, in microseconds. */
  readonly processorUs: number;
}

let nextNonce = 0;

/** Calls of one kind for a while, after a warm-up. */
export async function measureCalls(
  { backend, load, dataset }: LoadSubject,
  kind: CallKind,
  options: {
    readonly isCached: boolean;
    readonly callers: number;
    readonly durationMs: number;
    readonly warmUpMs?: number;
  },
): Promise<MeasuredCalls> {
  const { products, ids } = dataset;
  const { isCached, callers, durationMs, warmUpMs = WARM_UP_MS } = options;
  const plan = { kind, isCached, products, ids, firstNonce: nextNonce };
  nextNonce += 10_000_000;
  const task: HttpLoad = {
    task: "http",
    port: backend.port,
    callers,
    warmUpMs,
    durationMs,
    plan,
    isControl: false,
  };
  const before = processorTime(backend.pid);
  const figures = await load.run<HttpFigures>(task);
  const usedMs = processorTime(backend.pid) - before;
  const share = durationMs / (durationMs + warmUpMs);
  return { ...figures, processorUs: (usedMs * share * 1000) / figures.calls };
}

async function benchQuery(
  context: BenchContext,
  subject: LoadSubject,
  kind: CallKind,
): Promise<void> {
  const size = `${String(subject.dataset.products / 1000)} k`;
  const cases = [false, true].map((isCached) => ({
    isCached,
    name: `${kind}${isCached ? ", cached" : ""}, ${size}`,
  }));
  const wanted = cases.filter(({ name }) => context.only === null || name.includes(context.only));
  if (wanted.length > 0) await compile(context, subject, kind, 8);
  for (const { isCached, name } of wanted) {
    for (const callers of CALLERS) {
      context.progress(`${name}, ${String(callers)} callers`);
      const { durationMs } = context;
      const measured = await measureCalls(subject, kind, { isCached, callers, durationMs });
      const echo = await measureEcho(subject, measured.sample, callers, durationMs);
      const reach = reachOf(kind, isCached, callers);
      reportCalls(context.report, `${name}, ${callersName(callers)}`, measured, echo, reach);
    }
  }
}

/** Calls until a backend that has just started is as fast as one that has run for a while. */
async function compile(
  { report, progress }: BenchContext,
  subject: LoadSubject,
  kind: CallKind,
  callers: number,
): Promise<void> {
  const name = `${kind}, ${String(subject.dataset.products / 1000)} k, before it is compiled`;
  progress(`${name}, ${String(callers)} callers`);
  const durationMs = COMPILING_MS;
  const options = { isCached: false, callers, durationMs, warmUpMs: 0 };
  const { perSecond } = await measureCalls(subject, kind, options);
  const title = `${name}, ${callersName(callers)}`;
  report(makeRow({ bench: BENCH, case: title, metric: "calls", value: perSecond, unit: "/s" }));
}

function reachOf(kind: CallKind, isCached: boolean, callers: number): Reach | null {
  if (isCached) return { ratioAtLeast: CACHED_RATIO };
  const atLeast = UNCACHED_REACH[kind];
  return callers === 8 && atLeast !== undefined ? { atLeast } : null;
}

function reportCalls(
  report: Report,
  name: string,
  measured: MeasuredCalls,
  control: { readonly perSecond: number; readonly p50Ms: number; readonly p99Ms: number },
  reach: Reach | null,
): void {
  const row = (metric: string, value: number, unit: string, other: number | null) => {
    report(
      makeRow(
        { bench: BENCH, case: name, metric, value, unit },
        other,
        metric === "calls" ? reach : null,
      ),
    );
  };
  row("calls", measured.perSecond, "/s", control.perSecond);
  row("p50", measured.p50Ms, "ms", control.p50Ms);
  row("p99", measured.p99Ms, "ms", control.p99Ms);
  row("processor", measured.processorUs, "µs/call", null);
}

/** The same requests to a bare server that answers with the same bytes. */
async function measureEcho(
  { load, dataset }: LoadSubject,
  answer: string,
  callers: number,
  durationMs: number,
): Promise<HttpFigures> {
  const control = await BenchChild.start("control-process.ts");
  try {
    const { port } = await control.run<{ port: number }>({ task: "echo", answer });
    return await load.run<HttpFigures>({
      task: "http",
      port,
      callers,
      warmUpMs: WARM_UP_MS,
      durationMs,
      plan: {
        kind: "point by id",
        isCached: true,
        products: dataset.products,
        ids: dataset.ids,
        firstNonce: 0,
      },
      isControl: true,
    });
  } finally {
    control.stop();
  }
}

async function benchMutation(context: BenchContext, subject: LoadSubject): Promise<void> {
  const { durationMs, report } = context;
  const name = `mutation, ${String(subject.dataset.products / 1000)} k`;
  if (context.only !== null && !name.includes(context.only)) return;
  await compile(context, subject, "mutation", 32);
  for (const callers of CALLERS) {
    context.progress(`${name}, ${String(callers)} callers`);
    const measured = await measureCalls(subject, "mutation", {
      isCached: false,
      callers,
      durationMs,
    });
    const durable = await measureLmdb(true, callers, durationMs);
    const bare = await measureLmdb(false, callers, durationMs);
    const title = `${name}, ${callersName(callers)}`;
    const reach = callers === 32 ? { ratioAtLeast: MUTATION_RATIO } : null;
    reportCalls(report, title, measured, durable, reach);
    const figure = { bench: BENCH, case: title, metric: "calls", unit: "/s" };
    report(
      makeRow(
        { ...figure, metric: "calls against unsynced LMDB", value: measured.perSecond },
        bare.perSecond,
      ),
    );
  }
}

/**
 * What `products:setStock` puts: the product's row, no index, as none of them holds the stock; and for
 * all mutations that reach the disk together the database's clock.
 */
const ROW_PUT = { keyBytes: 38, valueBytes: 720 };
const CLOCK_PUT = { keyBytes: 9, valueBytes: 8 };

export async function measureLmdb(
  isDurable: boolean,
  callers: number,
  durationMs: number,
): Promise<LmdbFigures> {
  const control = await BenchChild.start("control-process.ts");
  try {
    const folder = join(CACHE, "lmdb-control");
    return await control.run<LmdbFigures>({
      task: "lmdb",
      folder,
      isDurable,
      callers,
      durationMs,
      put: ROW_PUT,
      batchPut: CLOCK_PUT,
    });
  } finally {
    control.stop();
  }
}

export function callersName(callers: number): string {
  return callers === 1 ? "1 caller" : `${String(callers)} callers`;
}
