import { Link } from "@remix-run/react";

import { classNames } from "./class-names.ts";

/** The display case with its one bright object, and the name; leads home. */
export function Logo({
  name = "Vitrine",
  to = "/",
  className,
}: {
  readonly name?: string;
  readonly to?: string;
  readonly className?: string | undefined;
}) {
  return (
    <Link
      to={to}
      className={classNames(
        "inline-flex min-h-11 items-center gap-2.5 font-display text-[1.3125rem] leading-none font-bold tracking-[-0.035em] max-[359px]:gap-2 md:text-[1.4375rem]",
        className,
      )}
    >
      <LogoMark />
      {name}
    </Link>
  );
}

export function LogoMark() {
  return (
    <svg viewBox="0 0 22 26" aria-hidden="true" className="h-[26px] w-[22px] shrink-0">
      <path
        d="M1.25 24.75V11a9.75 9.75 0 0 1 19.5 0v13.75z"
        fill="none"
        stroke="currentColor"
        strokeWidth="2.5"
        strokeLinejoin="round"
      />
      <circle cx="11" cy="16.5" r="4.25" fill="rgb(var(--accent))" />
    </svg>
  );
}
