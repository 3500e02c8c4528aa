import { classNames } from "./class-names.ts";

/** Turns while something is under way; the control around it is `aria-busy`. */
export function Spinner({ className }: { readonly className?: string | undefined }) {
  return (
    <span
      aria-hidden="true"
      className={classNames(
        "block size-4 animate-[spin_800ms_linear_infinite] rounded-full border-2 border-current/35 border-t-current",
        className,
      )}
    />
  );
}
