import { Check, X } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslations } from "use-intl";

import { classNames } from "./class-names.ts";
import { Icon, type IconComponent } from "./icon.tsx";
import { VisuallyHidden } from "./visually-hidden.tsx";

export type TimelineStep = {
  readonly key: string;
  readonly state: "done" | "now" | "todo" | "failed";
  readonly title: ReactNode;
  readonly detail?: ReactNode;
  /** Already in words, such as "Sun 22 Nov, 14:20". */
  readonly time?: ReactNode;
  /** For steps that are now or to come; done is a tick and failed a cross. */
  readonly icon?: IconComponent;
};

/** What happened and what comes, oldest first. New steps appear in place. */
export function Timeline({
  steps,
  small = false,
}: {
  readonly steps: readonly TimelineStep[];
  readonly small?: boolean;
}) {
  const t = useTranslations("ui.timeline");
  return (
    <ol>
      {steps.map((step) => (
        <li
          key={step.key}
          aria-current={step.state === "now" ? "step" : undefined}
          className={classNames(
            "group/step relative grid before:absolute before:bottom-0 before:w-0.5 last:pb-0 last:before:hidden",
            step.state === "done" ? "before:bg-ink" : "before:bg-line",
            small
              ? "grid-cols-[20px_minmax(0,1fr)_auto] gap-3 pb-4 before:top-5 before:left-[9px]"
              : "grid-cols-[32px_minmax(0,1fr)] gap-x-3.5 pb-7.5 before:top-8 before:left-[15px] md:grid-cols-[32px_minmax(0,1fr)_auto] md:gap-x-4.5",
          )}
        >
          <Marker step={step} small={small} />
          <div>
            <p
              className={classNames(
                "leading-[1.4] font-semibold",
                small ? "text-sm" : "pt-1",
                step.state === "todo" && "font-medium text-ink-3",
                step.state === "failed" && "text-danger",
              )}
            >
              {step.title}
              <VisuallyHidden> {t(step.state)}</VisuallyHidden>
            </p>
            {step.detail !== undefined && (
              <div className={classNames("text-ink-2", small ? "text-xs" : "text-sm")}>
                {step.detail}
              </div>
            )}
          </div>
          {step.time !== undefined && (
            <p
              className={classNames(
                "whitespace-nowrap text-ink-3 tabular-nums",
                small ? "text-xs" : "text-sm max-md:col-start-2 md:pt-1.5",
              )}
            >
              {step.time}
            </p>
          )}
        </li>
      ))}
    </ol>
  );
}

function Marker({ step, small }: { readonly step: TimelineStep; readonly small: boolean }) {
  const glyph = step.state === "done" ? Check : step.state === "failed" ? X : step.icon;
  return (
    <span
      aria-hidden="true"
      className={classNames(
        "relative grid place-items-center rounded-full border-[1.5px]",
        small ? "size-5" : "size-8 max-md:row-span-2",
        markerClass[step.state],
        step.state === "now" &&
          (small
            ? "shadow-[0_0_0_3px_rgb(var(--accent-soft))]"
            : "shadow-[0_0_0_5px_rgb(var(--accent-soft))]"),
      )}
    >
      {glyph && (
        <Icon
          as={glyph}
          size={small ? 14 : 16}
          strokeWidth={small ? 2.5 : 1.75}
          className={small ? "size-[11px]" : undefined}
        />
      )}
    </span>
  );
}

const markerClass: Record<TimelineStep["state"], string> = {
  done: "border-ink bg-ink text-canvas",
  now: "border-accent bg-accent text-on-accent",
  todo: "border-line-strong/70 bg-surface text-ink-3",
  failed: "border-danger bg-danger text-on-danger",
};
