import { makeRow, type Report } from "./row.ts";
import type { ShopSize } from "./shop-data.ts";

export const BENCH = "scale";
export const CALLERS = 8;
/** The first one is what the others are compared with. */
export const SIZES: readonly ShopSize[] = [
  { products: 1_000, orders: 0 },
  { products: 10_000, orders: 0 },
  { products: 100_000, orders: 1_000_000 },
];
export const P50_RATIO = 1.5;

const MAX_GROWTH_MB = 200;
const MB = 2 ** 20;

export function sizeName({ products, orders }: ShopSize): string {
  return `${String(products / 1000)} k products, ${String(orders)} orders`;
}

/** Anonymous memory of each size; the first is what the others may exceed by so much. */
export function reportMemory(
  report: Report,
  sizes: readonly { readonly name: string; readonly bytes: number }[],
): void {
  const [first] = sizes;
  for (const size of sizes) {
    const value = size.bytes / MB;
    const figure = { bench: BENCH, case: size.name, metric: "RssAnon", value, unit: "MB" };
    const baseline = size === first ? null : (first?.bytes ?? 0) / MB;
    const words = `grows by less than ${String(MAX_GROWTH_MB)}`;
    const reach = baseline === null ? null : { atMost: baseline + MAX_GROWTH_MB, words };
    report(makeRow(figure, baseline, reach));
  }
}
