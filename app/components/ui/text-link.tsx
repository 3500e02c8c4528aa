import { Link, type LinkProps } from "@remix-run/react";

import { classNames } from "./class-names.ts";

const textLinkClass =
  "font-medium underline decoration-ink/40 decoration-1 underline-offset-4 hover:text-accent-text hover:decoration-current";

/** Ink with an underline; the accent is kept for what acts. */
export function TextLink({ className, ...rest }: LinkProps) {
  return <Link {...rest} className={classNames(textLinkClass, className)} />;
}

/** The same look for a button inside a sentence. */
export function TextButton({
  className,
  type = "button",
  ...rest
}: React.ButtonHTMLAttributes<HTMLButtonElement>) {
  return <button {...rest} type={type} className={classNames(textLinkClass, className)} />;
}
