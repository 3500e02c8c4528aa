import { Link } from "@remix-run/react";
import { Check } from "lucide-react";
import { useTranslations } from "use-intl";

import { classNames } from "./class-names.ts";
import { Icon } from "./icon.tsx";
import { VisuallyHidden } from "./visually-hidden.tsx";

export type ProgressStep = {
  readonly key: string;
  readonly label: string;
  readonly state: "done" | "now" | "todo";
  /** A finished step may lead back to itself. */
  readonly to?: string;
};

/** Where one is in a few fixed steps. Below 380 px only the current one is named. */
export function ProgressSteps({
  label,
  steps,
}: {
  readonly label: string;
  readonly steps: readonly ProgressStep[];
}) {
  return (
    <nav aria-label={label}>
      <ol className="flex items-center justify-between gap-1 text-xs font-semibold text-ink-3 md:justify-start md:gap-3.5 md:text-sm">
        {steps.map((step, index) => (
          <li
            key={step.key}
            aria-current={step.state === "now" ? "step" : undefined}
            className={classNames(
              "flex items-center gap-1.5 whitespace-nowrap md:gap-2",
              index > 0 &&
                "md:before:mr-1 md:before:h-px md:before:w-7 md:before:bg-line-strong/60",
              step.state === "now" && "text-ink",
              step.state === "done" && "text-ink-2",
            )}
          >
            {step.to === undefined ? (
              <StepFace step={step} number={index + 1} />
            ) : (
              <Link
                to={step.to}
                className="inline-flex min-h-8 items-center gap-1.5 rounded-sm hover:text-ink md:gap-2"
              >
                <StepFace step={step} number={index + 1} />
              </Link>
            )}
          </li>
        ))}
      </ol>
    </nav>
  );
}

function StepFace({ step, number }: { readonly step: ProgressStep; readonly number: number }) {
  const t = useTranslations("ui.steps");
  return (
    <>
      <span
        aria-hidden="true"
        className={classNames(
          "grid size-[26px] place-items-center rounded-full border-[1.5px] text-xs tabular-nums",
          markerClass[step.state],
        )}
      >
        {step.state === "done" ? <Icon as={Check} size={14} strokeWidth={2.5} /> : number}
      </span>
      <span className={step.state === "now" ? undefined : "max-[379px]:sr-only"}>{step.label}</span>
      {step.state === "done" && <VisuallyHidden>{t("done")}</VisuallyHidden>}
    </>
  );
}

const markerClass: Record<ProgressStep["state"], string> = {
  done: "border-ink bg-ink text-canvas",
  now: "border-accent bg-accent text-on-accent",
  todo: "border-line-strong",
};
