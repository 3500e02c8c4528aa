import type { ReactNode } from "react";

import type { PictureSource } from "./picture.tsx";
import { Tile, type Tint } from "./tile.tsx";

/** Nothing here yet: a small tile, one sentence and one thing to do. */
export function EmptyState({
  title,
  body,
  picture = null,
  icon,
  tint = "sand",
  action,
  headingLevel: Heading = "h2",
}: {
  readonly title: string;
  readonly body: ReactNode;
  readonly picture?: PictureSource | null;
  /** In place of a picture. */
  readonly icon?: ReactNode;
  readonly tint?: Tint;
  readonly action?: ReactNode;
  readonly headingLevel?: "h1" | "h2" | "h3";
}) {
  return (
    <div className="mx-auto grid w-full max-w-[440px] justify-items-center gap-1.5 rounded-lg border border-dashed border-line-strong/60 px-8 py-9 text-center">
      <Tile
        tint={tint}
        picture={picture}
        sizes="68px"
        decorative
        ground={false}
        className="mb-2.5 size-24 rounded-[24px] [--art:70%]"
      >
        {icon}
      </Tile>
      <Heading className="text-h3">{title}</Heading>
      <p className="text-sm text-balance text-ink-2">{body}</p>
      {action !== undefined && <div className="mt-3.5">{action}</div>}
    </div>
  );
}
