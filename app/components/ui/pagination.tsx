import { Link } from "@remix-run/react";
import { ChevronLeft, ChevronRight } from "lucide-react";
import { useTranslations } from "use-intl";

import { ButtonLink } from "./button.tsx";
import { classNames } from "./class-names.ts";
import { Icon } from "./icon.tsx";

const itemClass =
  "grid h-11 min-w-11 place-items-center rounded-md px-2 text-ui font-semibold tabular-nums";

/** Pages by number, each a real link. Shows nothing when there is only one. */
export function Pagination({
  page,
  pageCount,
  pageTo,
}: {
  /** From 1. */
  readonly page: number;
  readonly pageCount: number;
  readonly pageTo: (page: number) => string;
}) {
  const t = useTranslations("ui.pagination");
  if (pageCount <= 1) return null;
  return (
    <nav aria-label={t("label")}>
      <ul className="flex flex-wrap items-center justify-center gap-1">
        <li>
          <Step label={t("previous")} icon={ChevronLeft} to={page > 1 ? pageTo(page - 1) : null} />
        </li>
        {shownPages(page, pageCount).map((shown, index) => (
          <li key={shown ?? `gap-${index}`}>
            {shown === null ? (
              <span className={classNames(itemClass, "text-ink-3")}>…</span>
            ) : (
              <Link
                to={pageTo(shown)}
                aria-label={t("page", { page: shown })}
                aria-current={shown === page ? "page" : undefined}
                className={classNames(
                  itemClass,
                  shown === page ? "bg-inverse text-on-inverse" : "hover:bg-muted",
                )}
              >
                {shown}
              </Link>
            )}
          </li>
        ))}
        <li>
          <Step
            label={t("next")}
            icon={ChevronRight}
            to={page < pageCount ? pageTo(page + 1) : null}
          />
        </li>
      </ul>
    </nav>
  );
}

/** Pages without numbers: the ways back and on, where there are any. */
export function PageSteps({
  previous,
  next,
}: {
  readonly previous: string | null;
  readonly next: string | null;
}) {
  const t = useTranslations("ui.pagination");
  if (previous === null && next === null) return null;
  return (
    <nav aria-label={t("steps")} className="flex flex-wrap items-center justify-center gap-3">
      {previous !== null && (
        <ButtonLink to={previous}>
          <Icon as={ChevronLeft} size={16} />
          {t("previous")}
        </ButtonLink>
      )}
      {next !== null && (
        <ButtonLink to={next}>
          {t("next")}
          <Icon as={ChevronRight} size={16} />
        </ButtonLink>
      )}
    </nav>
  );
}

function Step({
  label,
  icon,
  to,
}: {
  readonly label: string;
  readonly icon: typeof ChevronLeft;
  readonly to: string | null;
}) {
  if (to === null) {
    return (
      <span aria-hidden="true" className={classNames(itemClass, "text-ink-3/50")}>
        <Icon as={icon} />
      </span>
    );
  }
  return (
    <Link to={to} aria-label={label} className={classNames(itemClass, "hover:bg-muted")}>
      <Icon as={icon} />
    </Link>
  );
}

/** First, last and the neighbours of the current page; null where pages are left out. */
function shownPages(page: number, pageCount: number): (number | null)[] {
  const near = [1, page - 1, page, page + 1, pageCount].filter(
    (candidate) => candidate >= 1 && candidate <= pageCount,
  );
  const pages = [...new Set(near)].sort((a, b) => a - b);
  return pages.flatMap((shown, index) => {
    const before = pages[index - 1];
    return before !== undefined && shown - before > 1 ? [null, shown] : [shown];
  });
}
