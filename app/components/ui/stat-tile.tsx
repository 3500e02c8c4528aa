import type { ReactNode } from "react";

import { LiveValue } from "./live-value.tsx";
import { Sparkline } from "./sparkline.tsx";

/** One figure of the business with its run and what to compare it with. */
export function StatTile({
  label,
  value,
  shown,
  trend,
  comparison,
}: {
  readonly label: ReactNode;
  /** What is compared for the highlight; `shown` is how it is written. */
  readonly value: string | number;
  readonly shown: ReactNode;
  readonly trend?: readonly number[];
  readonly comparison?: ReactNode;
}) {
  return (
    <div className="grid grid-cols-[1fr_auto] content-start items-end gap-x-2 gap-y-1 px-5 pt-4.5 pb-4">
      <p className="col-span-full flex items-center gap-2 text-sm text-ink-2">{label}</p>
      <p className="font-display text-stat whitespace-nowrap">
        <LiveValue value={value}>{shown}</LiveValue>
      </p>
      {trend && (
        <span className="max-md:hidden">
          <Sparkline values={trend} />
        </span>
      )}
      {comparison !== undefined && <p className="col-span-full text-xs text-ink-3">{comparison}</p>}
    </div>
  );
}

/** Stat tiles side by side, divided by hairlines. */
export function StatTiles({ children }: { readonly children: ReactNode }) {
  return (
    <div className="grid grid-cols-2 gap-px overflow-hidden rounded-lg border border-line bg-line *:bg-surface lg:grid-cols-4">
      {children}
    </div>
  );
}
