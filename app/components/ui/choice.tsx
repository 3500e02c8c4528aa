import { Check } from "lucide-react";
import type { InputHTMLAttributes, ReactNode } from "react";

import { classNames } from "./class-names.ts";
import { Icon } from "./icon.tsx";

type ChoiceProps = Omit<InputHTMLAttributes<HTMLInputElement>, "className" | "type"> & {
  readonly label: ReactNode;
  /** A figure or remark at the far end of the row. */
  readonly aside?: ReactNode;
  readonly className?: string | undefined;
};

export function Checkbox({ label, aside, className, ...input }: ChoiceProps) {
  return (
    <label className={rowClass(className)}>
      <span className="relative mt-0.5 grid size-5 shrink-0 place-items-center">
        <input
          {...input}
          type="checkbox"
          className="peer size-5 appearance-none rounded-[5px] border-[1.5px] border-line-strong bg-surface checked:border-accent checked:bg-accent disabled:border-line disabled:bg-muted aria-invalid:border-danger"
        />
        <Icon
          as={Check}
          size={14}
          strokeWidth={3}
          className="pointer-events-none absolute text-on-accent opacity-0 peer-checked:opacity-100"
        />
      </span>
      {label}
      {aside !== undefined && <span className="ml-auto text-sm text-ink-3">{aside}</span>}
    </label>
  );
}

const radioClass =
  "size-5 shrink-0 appearance-none rounded-full border-[1.5px] border-line-strong bg-surface checked:border-[6px] checked:border-accent disabled:border-line disabled:bg-muted";

export function Radio({ label, aside, className, ...input }: ChoiceProps) {
  return (
    <label className={rowClass(className)}>
      <input {...input} type="radio" className={classNames(radioClass, "mt-0.5")} />
      {label}
      {aside !== undefined && <span className="ml-auto text-sm text-ink-3">{aside}</span>}
    </label>
  );
}

type RadioCardProps = Omit<InputHTMLAttributes<HTMLInputElement>, "className" | "type"> & {
  readonly label: ReactNode;
  readonly description?: ReactNode;
  readonly aside?: ReactNode;
  /** Shown inside the card while it is chosen. */
  readonly children?: ReactNode;
};

/** One of a few weighty choices, such as a delivery or payment method. */
export function RadioCard({ label, description, aside, children, ...input }: RadioCardProps) {
  return (
    <div className="rounded-md border border-line-strong/55 bg-surface transition-colors duration-fast has-[>label>input:checked]:border-accent has-[>label>input:checked]:shadow-[inset_0_0_0_1px_rgb(var(--accent))]">
      <label className="grid cursor-pointer grid-cols-[20px_minmax(0,1fr)_auto] items-start gap-3.5 px-4.5 py-4">
        <input {...input} type="radio" className={classNames(radioClass, "mt-0.5")} />
        <span>
          <span className="block leading-6 font-semibold">{label}</span>
          {description !== undefined && (
            <span className="block text-sm text-ink-2">{description}</span>
          )}
        </span>
        {aside !== undefined && <span className="font-medium tabular-nums">{aside}</span>}
      </label>
      {children !== undefined && <div className="px-4.5 pb-4.5 pl-[52px]">{children}</div>}
    </div>
  );
}

/** On or off, in force at once. The label says what is switched. */
export function Switch({
  label,
  description,
  className,
  ...input
}: Omit<ChoiceProps, "aside"> & { readonly description?: ReactNode }) {
  return (
    <label
      className={classNames("flex cursor-pointer items-start gap-3 text-ui leading-6", className)}
    >
      <input
        {...input}
        type="checkbox"
        role="switch"
        className="relative h-6 w-10 shrink-0 appearance-none rounded-full bg-line-strong transition-colors duration-fast after:absolute after:top-[3px] after:left-[3px] after:size-[18px] after:rounded-full after:bg-white after:transition-transform after:duration-fast checked:bg-accent checked:after:translate-x-4 disabled:cursor-not-allowed disabled:opacity-50"
      />
      <span>
        <span className="block">{label}</span>
        {description !== undefined && (
          <span className="block text-xs text-ink-3">{description}</span>
        )}
      </span>
    </label>
  );
}

function rowClass(className: string | undefined): string {
  return classNames(
    "flex min-h-8 cursor-pointer items-start gap-2.5 py-1 text-ui leading-6",
    className,
  );
}
