import { Link } from "@remix-run/react";

import { classNames } from "./class-names.ts";

export type Segment = { readonly to: string; readonly label: string; readonly current: boolean };

/** A few views of the same thing, each with its own address. */
export function Segmented({
  label,
  segments,
}: {
  readonly label: string;
  readonly segments: readonly Segment[];
}) {
  return (
    <nav aria-label={label} className="inline-flex gap-0.5 rounded-md bg-sunken p-[3px]">
      {segments.map((segment) => (
        <Link
          key={segment.to}
          to={segment.to}
          aria-current={segment.current ? "page" : undefined}
          className={classNames(
            "rounded-[7px] px-3 py-1.5 text-[0.84375rem] leading-5 font-semibold whitespace-nowrap text-ink-2 hover:text-ink",
            segment.current && "bg-raised text-ink shadow-[0_0_0_1px_rgb(var(--line))]",
          )}
        >
          {segment.label}
        </Link>
      ))}
    </nav>
  );
}
