import { Minus, Plus } from "lucide-react";
import { useEffect, useId, useState } from "react";
import { useTranslations } from "use-intl";

import { classNames } from "./class-names.ts";
import { Icon } from "./icon.tsx";

type QuantityStepperProps = {
  readonly value: number;
  /** What can be had; reaching it is said in words below. */
  readonly max: number;
  readonly min?: number;
  /** What is counted, for the name of the field: "Quantity of Solo radio". */
  readonly label: string;
  /** The name under which a form without scripts sends the quantity. */
  readonly name?: string;
  readonly size?: "large" | "medium" | "small";
  readonly disabled?: boolean;
  readonly className?: string | undefined;
  /** Called with a whole number from `min` to `max` and only when it differs from `value`. */
  readonly onChange: (quantity: number) => void;
};

/**
 * A quantity by buttons or by typing. It shows `value`, so a caller that takes an optimistic change
 * back gets the old figure; what is being typed is kept until the field is left or Enter is pressed.
 */
export function QuantityStepper({
  value,
  max,
  min = 1,
  label,
  name,
  size = "medium",
  disabled = false,
  className,
  onChange,
}: QuantityStepperProps) {
  const t = useTranslations("ui.stepper");
  const messageId = useId();
  const [typed, setTyped] = useState<string | null>(null);
  const [capped, setCapped] = useState(false);

  useEffect(() => {
    if (value < max) setCapped(false);
  }, [value, max]);

  function choose(wanted: number) {
    const next = Math.min(Math.max(wanted, min), Math.max(max, min));
    setTyped(null);
    setCapped(wanted > max);
    if (next !== value) onChange(next);
  }

  function leaveField() {
    if (typed === null) return;
    const wanted = Number.parseInt(typed, 10);
    if (Number.isNaN(wanted)) setTyped(null);
    else choose(wanted);
  }

  return (
    <div className={className}>
      <div
        role="group"
        aria-label={label}
        className={classNames(
          "inline-grid items-center rounded-md border border-line-strong/55 bg-surface",
          sizeClass[size],
          disabled && "border-line bg-muted text-ink-3",
        )}
      >
        <StepButton
          label={t("less")}
          icon={Minus}
          disabled={disabled || value <= min}
          onClick={() => {
            choose(value - 1);
          }}
        />
        <input
          type="text"
          inputMode="numeric"
          pattern="[0-9]*"
          autoComplete="off"
          name={name}
          value={typed ?? String(value)}
          disabled={disabled}
          aria-label={label}
          aria-describedby={capped ? messageId : undefined}
          className="h-full w-full bg-transparent text-center font-semibold tabular-nums"
          onChange={(event) => {
            setTyped(event.target.value.replace(/\D/gu, "").slice(0, 4));
          }}
          onBlur={leaveField}
          onKeyDown={(event) => {
            if (event.key === "Enter") {
              event.preventDefault();
              leaveField();
            } else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
              event.preventDefault();
              choose(value + (event.key === "ArrowUp" ? 1 : -1));
            }
          }}
        />
        <StepButton
          label={t("more")}
          icon={Plus}
          disabled={disabled || value >= Math.max(max, min)}
          onClick={() => {
            choose(value + 1);
          }}
        />
      </div>
      <p id={messageId} role="status" className="text-xs text-warning not-empty:mt-1.5">
        {capped ? t("capped", { max }) : ""}
      </p>
    </div>
  );
}

function StepButton({
  label,
  icon,
  disabled,
  onClick,
}: {
  readonly label: string;
  readonly icon: typeof Plus;
  readonly disabled: boolean;
  readonly onClick: () => void;
}) {
  return (
    <button
      type="button"
      aria-label={label}
      disabled={disabled}
      onClick={onClick}
      className="grid h-full place-items-center rounded-md hover:bg-muted disabled:cursor-not-allowed disabled:text-ink-3/60 disabled:hover:bg-transparent"
    >
      <Icon as={icon} size={16} />
    </button>
  );
}

const sizeClass = {
  large: "h-[54px] grid-cols-[44px_40px_44px]",
  medium: "h-[46px] grid-cols-[44px_40px_44px]",
  small: "h-11 grid-cols-[40px_32px_40px] md:h-[38px] md:grid-cols-[36px_32px_36px]",
};
