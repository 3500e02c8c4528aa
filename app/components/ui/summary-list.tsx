import type { ReactNode } from "react";

import { classNames } from "./class-names.ts";

/** Figures that add up: labels left, amounts right, the total last under a hairline. */
export function SummaryList({ children }: { readonly children: ReactNode }) {
  return <dl className="grid gap-3 text-ui">{children}</dl>;
}

export function SummaryRow({
  label,
  total = false,
  children,
}: {
  readonly label: ReactNode;
  readonly total?: boolean;
  readonly children: ReactNode;
}) {
  return (
    <div
      className={classNames(
        "flex justify-between gap-4",
        total && "mt-1 items-baseline border-t border-line pt-4",
      )}
    >
      <dt className={total ? "text-base font-semibold" : "text-ink-2"}>{label}</dt>
      <dd
        className={
          total
            ? "font-display text-[1.625rem] leading-none font-semibold tracking-[-0.02em] tabular-nums"
            : "text-right font-medium tabular-nums"
        }
      >
        {children}
      </dd>
    </div>
  );
}
