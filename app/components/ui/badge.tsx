import type { ReactNode } from "react";

import { classNames } from "./class-names.ts";

export type BadgeTone = "neutral" | "accent" | "success" | "warning" | "danger" | "ink" | "paper";

/** A state or remark in one or two words. `ink` is for offers, `paper` for tiles. */
export function Badge({
  tone = "neutral",
  className,
  children,
}: {
  readonly tone?: BadgeTone;
  readonly className?: string | undefined;
  readonly children: ReactNode;
}) {
  return (
    <span
      className={classNames(
        "inline-flex h-6 items-center gap-1.5 rounded-sm px-[9px] text-[0.78125rem] leading-none font-semibold whitespace-nowrap",
        toneClass[tone],
        className,
      )}
    >
      {children}
    </span>
  );
}

const toneClass: Record<BadgeTone, string> = {
  neutral: "bg-muted text-ink-2",
  accent: "bg-accent-soft text-on-accent-soft",
  success: "bg-success-soft text-success",
  warning: "bg-warning-soft text-warning",
  danger: "bg-danger-soft text-danger",
  ink: "bg-inverse text-on-inverse",
  paper: "bg-surface text-ink",
};
