import type { ReactNode } from "react";

import { TextLink } from "#app/components/ui/text-link.tsx";

/** The title of a part of a page, and where there is more of it. */
export function SectionHead({
  title,
  more,
}: {
  readonly title: ReactNode;
  readonly more?: { readonly to: string; readonly label: string };
}) {
  return (
    <div className="mb-5 flex flex-wrap items-baseline justify-between gap-x-6 gap-y-1 md:mb-7">
      <h2 className="font-display text-h1">{title}</h2>
      {more && (
        <TextLink to={more.to} prefetch="intent">
          {more.label}
        </TextLink>
      )}
    </div>
  );
}
