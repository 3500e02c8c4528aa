import { join } from "node:path";

import { BenchChild } from "./child-process.ts";
import { openBenchShop, type BenchShop } from "./bench-shop.ts";
import { readThrough } from "./datasets.ts";
import type { BenchContext } from "./functions-bench.ts";
import { percentile, type PageFigures, type PageLoad } from "./messages.ts";
import {
  homeRequest,
  listRequest,
  productRequest,
  searchRequest,
  type PageRequest,
} from "./page-requests.ts";
import { makeRow } from "./row.ts";
import { BENCH, CALLERS, P50_RATIO, reportMemory, SIZES, sizeName } from "./scale-sizes.ts";
import { obtainShopData } from "./shop-data.ts";

interface PageKind {
  readonly name: string;
  readonly isSignedIn?: true;
  /** Whether what the page shows changes before each request. */
  readonly isChanged?: true;
  /** The n-th request; `null` when there are no more. */
  readonly request: (shop: BenchShop, n: number) => PageRequest | null;
}

/** Odd products are for visitors, even ones for customers: none is asked for twice. */
const KINDS: readonly PageKind[] = [
  { name: "home page", request: () => homeRequest() },
  { name: "home page after a change", isChanged: true, request: () => homeRequest() },
  { name: "list page", request: ({ data }, n) => listAt(data.lists, n * 2) },
  { name: "product page", request: ({ data }, n) => productAt(data.slugs, n * 2) },
  { name: "search page", request: ({ data }, n) => searchRequest(n, data.slugs.length) },
  {
    name: "list page, signed in",
    isSignedIn: true,
    request: ({ data }, n) => listAt(data.lists, n * 2 + 1),
  },
  {
    name: "product page, signed in",
    isSignedIn: true,
    request: ({ data }, n) => productAt(data.slugs, n * 2 + 1),
  },
];

/** The first round warms up. All sizes take turns in each, so that they meet the same machine. */
const ROUNDS = 4;
const MAX_REQUESTS = 400;

/** The shop's pages, rendered from arguments that no kept result answers. */
export async function benchScalePages(context: BenchContext): Promise<void> {
  const kinds = KINDS.filter(({ name }) => context.only === null || name.includes(context.only));
  if (kinds.length === 0) return;
  const shops: BenchShop[] = [];
  const load = await BenchChild.start("load-process.ts");
  try {
    for (const size of SIZES) {
      const data = await obtainShopData(size, context.progress);
      context.progress(`starting the shop with ${sizeName(size)}`);
      await readThrough(join(data.folder, "backend", "database", "data.mdb"));
      shops.push(await openBenchShop(data));
    }
    for (const kind of kinds) await benchKind(context, kind, shops, load);
    reportMemory(
      context.report,
      shops.map(({ data, web, backend }) => ({
        name: `web server and backend, ${sizeName(data.size)}`,
        bytes: web.memory() + backend.memory(),
      })),
    );
  } finally {
    load.stop();
    for (const shop of shops) await shop.stop();
  }
}

async function benchKind(
  context: BenchContext,
  kind: PageKind,
  shops: readonly BenchShop[],
  load: BenchChild,
): Promise<void> {
  const measured = shops.map((): MeasuredPages[] => []);
  for (let round = 0; round < ROUNDS; round += 1) {
    context.progress(`${kind.name}, ${round === 0 ? "warming up" : `round ${String(round)}`}`);
    for (const [at, shop] of shops.entries()) {
      const pages = await measurePages(shop, load, taskOf(context, kind, shop, round));
      if (round > 0) measured[at]?.push(pages);
    }
  }
  let baseline: number | null = null;
  for (const [at, { data }] of shops.entries()) {
    const name = `${kind.name}, ${sizeName(data.size)}`;
    const pages = together(measured[at] ?? []);
    const row = (metric: string, value: number, unit: string) => ({
      ...{ bench: BENCH, case: name, metric, value, unit },
    });
    const reach = baseline === null ? null : { ratioAtMost: P50_RATIO };
    context.report(makeRow(row("p50", pages.p50Ms, "ms"), baseline, reach));
    context.report(makeRow(row("p99", pages.p99Ms, "ms")));
    context.report(makeRow(row("pages", pages.perSecond, "/s")));
    context.report(makeRow(row("bytes", pages.bytes / 1000, "kB/page")));
    context.report(makeRow(row("web server's processor", pages.webMs, "ms/page")));
    context.report(makeRow(row("backend's processor", pages.backendMs, "ms/page")));
    baseline ??= pages.p50Ms;
  }
}

interface MeasuredPages extends PageFigures {
  /** Processor time of all pages together. */
  readonly webMs: number;
  readonly backendMs: number;
}

async function measurePages(
  { web, backend }: BenchShop,
  load: BenchChild,
  task: PageLoad,
): Promise<MeasuredPages> {
  const [webMs, backendMs] = [web.processorMs(), backend.processorMs()];
  const figures = await load.run<PageFigures>(task);
  return {
    ...figures,
    webMs: web.processorMs() - webMs,
    backendMs: backend.processorMs() - backendMs,
  };
}

function taskOf(
  { durationMs }: BenchContext,
  { request, isSignedIn, isChanged }: PageKind,
  shop: BenchShop,
  round: number,
): PageLoad {
  const { port, customer, homeChange } = shop;
  return {
    task: "pages",
    ...{ port, callers: CALLERS, durationMs: durationMs / 2 },
    requests: requestsOf(request, shop, round),
    cookie: isSignedIn === true ? customer : null,
    change: isChanged === true ? homeChange : null,
  };
}

/** Those of one round: the small shop has to have enough for all of them. */
function requestsOf(request: PageKind["request"], shop: BenchShop, round: number): PageRequest[] {
  const all: PageRequest[] = [];
  for (let n = 0; n < MAX_REQUESTS * ROUNDS; n += 1) {
    const next = request(shop, n);
    if (next === null) break;
    all.push(next);
  }
  const each = Math.floor(all.length / ROUNDS);
  return all.slice(round * each, (round + 1) * each);
}

function listAt(lists: readonly string[], n: number): PageRequest | null {
  const address = lists[n];
  return address === undefined ? null : listRequest(address);
}

/** Far apart in the catalogue, each once. */
function productAt(slugs: readonly string[], n: number): PageRequest | null {
  const slug = n < slugs.length ? slugs[(n * STRIDE) % slugs.length] : undefined;
  return slug === undefined ? null : productRequest(slug);
}

/** A prime that divides no catalogue's size, so that every product has its turn. */
const STRIDE = 7_919;

function together(rounds: readonly MeasuredPages[]) {
  const latencies = rounds.flatMap((round) => [...round.latencies]);
  const sum = (of: (round: MeasuredPages) => number) =>
    rounds.reduce((total, round) => total + of(round), 0);
  const pages = latencies.length;
  return {
    p50Ms: percentile(latencies, 0.5),
    p99Ms: percentile(latencies, 0.99),
    perSecond: (pages * 1000) / sum(({ elapsedMs }) => elapsedMs),
    bytes: sum(({ bytes }) => bytes) / pages,
    webMs: sum(({ webMs }) => webMs) / pages,
    backendMs: sum(({ backendMs }) => backendMs) / pages,
  };
}
