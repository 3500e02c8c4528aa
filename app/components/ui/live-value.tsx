import { useEffect, useRef, useState, type ReactNode } from "react";

import { classNames } from "./class-names.ts";

const HIGHLIGHT_MS = 1800;

/**
 * True for 1.8 seconds after `value` changed in place; never for the first value. A second change
 * within that time starts the time anew.
 */
export function useChanged(value: string | number): boolean {
  const previous = useRef(value);
  const [changed, setChanged] = useState(false);

  useEffect(() => {
    if (previous.current === value) return undefined;
    previous.current = value;
    setChanged(true);
    const timer = setTimeout(() => {
      setChanged(false);
    }, HIGHLIGHT_MS);
    return () => {
      clearTimeout(timer);
    };
  }, [value]);

  return changed;
}

/** A figure that may change while it is read: it is tinted when it does, and nothing moves. */
export function LiveValue({
  value,
  children,
  className,
}: {
  /** What is compared; the children show it. */
  readonly value: string | number;
  readonly children: ReactNode;
  readonly className?: string | undefined;
}) {
  const changed = useChanged(value);
  return (
    <span
      key={changed ? value : "still"}
      data-changed={changed || undefined}
      className={classNames(
        "inline-block rounded-[5px] tabular-nums",
        changed && "animate-highlight",
        className,
      )}
    >
      {children}
    </span>
  );
}
