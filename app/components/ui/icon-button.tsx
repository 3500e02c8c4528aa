import { Link, type LinkProps } from "@remix-run/react";
import type { ButtonHTMLAttributes, Ref } from "react";

import { classNames } from "./class-names.ts";
import { Icon, type IconComponent } from "./icon.tsx";

/** medium 44 px, compact 38 for staff pages (44 on phones), small 32 inside rows. */
export type IconButtonSize = "medium" | "compact" | "small";

type Look = {
  readonly icon: IconComponent;
  /** The name: an icon never stands alone for assistive technology. */
  readonly label: string;
  readonly size?: IconButtonSize;
  readonly iconSize?: 16 | 20 | 24;
  readonly filled?: boolean;
  readonly outlined?: boolean;
  readonly className?: string | undefined;
};

type IconButtonProps = Look &
  Omit<ButtonHTMLAttributes<HTMLButtonElement>, "className" | "children" | "aria-label"> & {
    readonly buttonRef?: Ref<HTMLButtonElement>;
  };

export function IconButton({
  icon,
  label,
  size = "medium",
  iconSize = size === "small" ? 16 : 20,
  filled = false,
  outlined = false,
  className,
  buttonRef,
  type = "button",
  ...rest
}: IconButtonProps) {
  return (
    <button
      {...rest}
      ref={buttonRef}
      type={type}
      aria-label={label}
      className={iconButtonClass({ size, filled, outlined, className })}
    >
      <Icon as={icon} size={iconSize} />
    </button>
  );
}

type IconLinkProps = Look &
  Omit<LinkProps, "className" | "children" | "aria-label"> & {
    /** A figure on the corner, left out at zero; `label` must say it too. */
    readonly count?: number;
  };

export function IconLink({
  icon,
  label,
  size = "medium",
  iconSize = size === "small" ? 16 : 20,
  filled = false,
  outlined = false,
  count = 0,
  className,
  ...rest
}: IconLinkProps) {
  return (
    <Link
      {...rest}
      aria-label={label}
      className={iconButtonClass({ size, filled, outlined, className })}
    >
      <Icon as={icon} size={iconSize} />
      <CountBadge count={count} />
    </Link>
  );
}

function CountBadge({ count }: { readonly count: number }) {
  if (count === 0) return null;
  return (
    <span
      key={count}
      aria-hidden="true"
      className="absolute top-[3px] right-px min-w-[18px] animate-rise-in rounded-full bg-accent px-[5px] text-center text-2xs leading-[18px] font-bold text-on-accent"
    >
      {count > 99 ? "99+" : count}
    </span>
  );
}

const sizeClass: Record<IconButtonSize, string> = {
  medium: "size-11 rounded-md",
  compact: "size-11 rounded-md md:size-[38px]",
  small: "size-8 rounded-[8px]",
};

function iconButtonClass({
  size,
  filled,
  outlined,
  className,
}: {
  readonly size: IconButtonSize;
  readonly filled: boolean;
  readonly outlined: boolean;
  readonly className: string | undefined;
}): string {
  return classNames(
    "relative inline-grid shrink-0 place-items-center text-ink transition-colors duration-fast hover:bg-muted active:translate-y-px",
    "disabled:cursor-not-allowed disabled:text-ink-3 disabled:hover:bg-transparent",
    filled && "bg-muted hover:bg-line",
    outlined && "border border-line-strong/55 bg-surface hover:border-ink hover:bg-surface",
    sizeClass[size],
    className,
  );
}
