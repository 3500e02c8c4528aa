import { Link, type LinkProps } from "@remix-run/react";
import type { ButtonHTMLAttributes, ReactNode, Ref } from "react";

import { classNames } from "./class-names.ts";
import { Icon, type IconComponent } from "./icon.tsx";
import { Spinner } from "./spinner.tsx";

export type ButtonVariant = "primary" | "secondary" | "quiet" | "danger" | "dangerSolid";
/** large 54 px, medium 44, small 36; compact is 38 for staff pages and 44 on phones. */
export type ButtonSize = "large" | "medium" | "small" | "compact";

type Look = {
  readonly variant?: ButtonVariant;
  readonly size?: ButtonSize;
  readonly wide?: boolean;
  readonly icon?: IconComponent | undefined;
  readonly className?: string | undefined;
  readonly children: ReactNode;
};

type ButtonProps = Look &
  Omit<ButtonHTMLAttributes<HTMLButtonElement>, "className" | "children"> & {
    /** Shows a spinner in place of the label, keeps the width and swallows presses. */
    readonly busy?: boolean;
    readonly buttonRef?: Ref<HTMLButtonElement>;
  };

export function Button({
  variant = "secondary",
  size = "medium",
  wide = false,
  busy = false,
  icon,
  className,
  children,
  buttonRef,
  type = "button",
  onClick,
  ...rest
}: ButtonProps) {
  return (
    <button
      {...rest}
      ref={buttonRef}
      type={type}
      aria-busy={busy || undefined}
      onClick={busy ? preventDefault : onClick}
      className={buttonClass({ variant, size, wide, className })}
    >
      <Label icon={icon} busy={busy}>
        {children}
      </Label>
    </button>
  );
}

/** A link that looks like a button: it goes somewhere, it does nothing else. */
export function ButtonLink({
  variant = "secondary",
  size = "medium",
  wide = false,
  icon,
  className,
  children,
  ...rest
}: Look & Omit<LinkProps, "className" | "children">) {
  return (
    <Link {...rest} className={buttonClass({ variant, size, wide, className })}>
      <Label icon={icon} busy={false}>
        {children}
      </Label>
    </Link>
  );
}

function Label({
  icon,
  busy,
  children,
}: {
  readonly icon: IconComponent | undefined;
  readonly busy: boolean;
  readonly children: ReactNode;
}) {
  return (
    <>
      <span className={classNames("inline-flex items-center gap-2", busy && "opacity-0")}>
        {icon && <Icon as={icon} size={16} />}
        {children}
      </span>
      {busy && <Spinner className="absolute" />}
    </>
  );
}

const variantClass: Record<ButtonVariant, string> = {
  primary: "border-transparent bg-accent text-on-accent hover:bg-accent-hover",
  secondary: "border-line-strong/55 bg-surface text-ink hover:border-ink",
  quiet: "border-transparent text-ink hover:bg-muted",
  danger: "border-danger/40 text-danger hover:border-danger hover:bg-danger-soft",
  dangerSolid: "border-transparent bg-danger text-on-danger hover:bg-danger/90",
};

const sizeClass: Record<ButtonSize, string> = {
  large: "min-h-[54px] rounded-md px-7 text-base",
  medium: "min-h-11 rounded-md px-5 text-ui",
  small: "min-h-9 rounded-[8px] px-3.5 text-sm",
  compact: "min-h-11 rounded-[9px] px-3.5 text-sm md:min-h-[38px]",
};

function buttonClass({
  variant,
  size,
  wide,
  className,
}: {
  readonly variant: ButtonVariant;
  readonly size: ButtonSize;
  readonly wide: boolean;
  readonly className: string | undefined;
}): string {
  return classNames(
    "relative inline-flex items-center justify-center border text-center leading-none font-semibold whitespace-nowrap transition-[background-color,border-color,transform] duration-fast active:translate-y-px",
    "disabled:cursor-not-allowed disabled:border-transparent disabled:bg-muted disabled:text-ink-3 disabled:active:translate-y-0",
    sizeClass[size],
    variantClass[variant],
    wide && "w-full",
    className,
  );
}

function preventDefault(event: { preventDefault: () => void }) {
  event.preventDefault();
}
