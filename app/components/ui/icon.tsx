import type { LucideIcon } from "lucide-react";

import { classNames } from "./class-names.ts";

export type IconComponent = LucideIcon;

type IconProps = {
  readonly as: IconComponent;
  readonly size?: 14 | 16 | 20 | 24;
  readonly strokeWidth?: number;
  readonly className?: string | undefined;
};

/** A decorative icon; whatever holds it carries the name. */
export function Icon({ as: Glyph, size = 20, strokeWidth = 1.75, className }: IconProps) {
  return (
    <Glyph
      aria-hidden="true"
      focusable="false"
      width={size}
      height={size}
      strokeWidth={strokeWidth}
      className={classNames("block shrink-0", className)}
    />
  );
}
