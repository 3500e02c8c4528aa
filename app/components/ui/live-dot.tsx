import { classNames } from "./class-names.ts";

export type LiveState = "live" | "away" | "off";

/** Colour never speaks alone: there is always a word beside the dot. */
export function LiveDot({
  state,
  pulse = false,
  className,
}: {
  readonly state: LiveState;
  readonly pulse?: boolean;
  readonly className?: string | undefined;
}) {
  return (
    <span
      aria-hidden="true"
      className={classNames(
        "inline-block size-2 shrink-0 rounded-full",
        stateClass[state],
        pulse && state === "live" && "animate-pulse",
        className,
      )}
    />
  );
}

const stateClass: Record<LiveState, string> = {
  live: "bg-live",
  away: "bg-star",
  off: "border-2 border-line-strong",
};
