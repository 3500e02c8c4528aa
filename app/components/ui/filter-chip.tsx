import { Link } from "@remix-run/react";
import { X } from "lucide-react";
import { useTranslations } from "use-intl";

import { classNames } from "./class-names.ts";
import { Icon } from "./icon.tsx";
import { VisuallyHidden } from "./visually-hidden.tsx";

/** A filter with its own address: off leads to the list with it, on to the list without it. */
export function FilterChip({
  to,
  on,
  label,
}: {
  readonly to: string;
  readonly on: boolean;
  readonly label: string;
}) {
  const t = useTranslations("ui.filterChip");
  return (
    <Link
      to={to}
      preventScrollReset
      className={classNames(
        "inline-flex h-9 items-center gap-1.5 rounded-full border px-3.5 text-sm font-medium whitespace-nowrap transition-colors duration-fast",
        on
          ? "border-inverse bg-inverse text-on-inverse"
          : "border-line-strong/55 bg-surface hover:border-ink",
      )}
    >
      {on && <VisuallyHidden>{t("remove")} </VisuallyHidden>}
      {label}
      {on && <Icon as={X} size={14} />}
    </Link>
  );
}
