import type { ReactNode } from "react";

import { classNames } from "./class-names.ts";

/** A white card with a hairline, for what belongs together. */
export function Panel({
  title,
  aside,
  flush = false,
  headingLevel: Heading = "h2",
  className,
  children,
}: {
  readonly title?: ReactNode;
  /** At the far end of the title's line. */
  readonly aside?: ReactNode;
  /** Without inner space, for tables. */
  readonly flush?: boolean;
  readonly headingLevel?: "h2" | "h3";
  readonly className?: string | undefined;
  readonly children: ReactNode;
}) {
  return (
    <section
      className={classNames(
        "min-w-0 rounded-lg border border-line bg-surface",
        flush ? "overflow-hidden" : "p-5 md:p-7",
        className,
      )}
    >
      {title !== undefined && (
        <div
          className={classNames(
            "flex items-center justify-between gap-4",
            flush ? "px-5 pt-4 pb-3" : "mb-4",
          )}
        >
          <Heading className="text-h3">{title}</Heading>
          {aside}
        </div>
      )}
      {children}
    </section>
  );
}
