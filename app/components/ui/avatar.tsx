import { classNames } from "./class-names.ts";
import type { LiveState } from "./live-dot.tsx";
import { tintClass, type Tint } from "./tile.tsx";

type AvatarProps = {
  readonly name: string;
  readonly tint?: Tint;
  readonly size?: "small" | "medium" | "large";
  readonly presence?: LiveState;
};

/** Initials on a tint. The name is written beside it, so the picture itself is hidden. */
export function Avatar({ name, tint = "lilac", size = "medium", presence }: AvatarProps) {
  return (
    <span
      aria-hidden="true"
      className={classNames(
        "relative inline-grid shrink-0 place-items-center rounded-full leading-none font-semibold text-ink",
        sizeClass[size],
        tintClass[tint],
      )}
    >
      {initials(name)}
      {presence && (
        <span
          className={classNames(
            "absolute -right-px -bottom-px size-[11px] rounded-full border-2",
            presenceClass[presence],
          )}
        />
      )}
    </span>
  );
}

const sizeClass = {
  small: "size-7 text-2xs",
  medium: "size-9 text-xs",
  large: "size-11 text-ui",
};

const presenceClass: Record<LiveState, string> = {
  live: "border-surface bg-live",
  away: "border-surface bg-star",
  off: "border-line-strong bg-surface",
};

function initials(name: string): string {
  const words = name.trim().split(/\s+/u);
  const first = words[0]?.at(0) ?? "";
  const last = words.length > 1 ? (words.at(-1)?.at(0) ?? "") : "";
  return (first + last).toUpperCase();
}
