import { Link } from "@remix-run/react";
import { ChevronRight } from "lucide-react";
import { useTranslations } from "use-intl";

import { classNames } from "./class-names.ts";
import { Icon } from "./icon.tsx";

export type Crumb = { readonly label: string; readonly to?: string };

/** The way here; the last crumb is the page itself and no link. */
export function Breadcrumbs({
  crumbs,
  className,
}: {
  readonly crumbs: readonly Crumb[];
  readonly className?: string | undefined;
}) {
  const t = useTranslations("ui");
  return (
    <nav aria-label={t("breadcrumb")} className={classNames("text-sm text-ink-3", className)}>
      <ol className="flex flex-wrap items-center gap-x-2">
        {crumbs.map((crumb, index) => (
          <li key={`${index}-${crumb.label}`} className="flex items-center gap-2">
            {index > 0 && <Icon as={ChevronRight} size={14} />}
            {crumb.to === undefined ? (
              <span aria-current="page" className="py-1 text-ink-2">
                {crumb.label}
              </span>
            ) : (
              <Link
                to={crumb.to}
                className="py-1 underline-offset-4 hover:text-ink hover:underline"
              >
                {crumb.label}
              </Link>
            )}
          </li>
        ))}
      </ol>
    </nav>
  );
}
