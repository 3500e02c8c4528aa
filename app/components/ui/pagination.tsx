import { Link } from "@remix-run/react";
import { ChevronLeft, ChevronRight } from "lucide-react";
import { useFormatter, useTranslations } from "use-intl";

import { ButtonLink } from "./button.tsx";
import { classNames } from "./class-names.ts";
import { Icon } from "./icon.tsx";

const itemClass =
  "grid h-11 min-w-11 place-items-center rounded-md px-2 text-ui font-semibold tabular-nums";

/** From so many pages on their numbers are too wide for phones to show the current one's neighbours. */
const WIDE_PAGE_COUNT = 1000;

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
  const format = useFormatter();
  if (pageCount <= 1) return null;
  const pages = shownPages(page, pageCount);
  return (
    <nav aria-label={t("label")}>
      <ul className="flex flex-wrap items-center justify-center gap-1">
        <li>
          <Step label={t("previous")} icon={ChevronLeft} to={page > 1 ? pageTo(page - 1) : null} />
        </li>
        {pages.map((shown, index) => (
          <li
            key={shown ?? `gap-${index}`}
            className={pageCount >= WIDE_PAGE_COUNT ? narrowClass(pages, index, page) : undefined}
          >
            {shown === null ? (
              <span className={classNames(itemClass, "text-ink-3 max-sm:min-w-6")}>…</span>
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
                {format.number(shown)}
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

/** Leaves out a neighbour beside which pages are left out anyway. */
function narrowClass(
  pages: readonly (number | null)[],
  index: number,
  current: number,
): string | undefined {
  const isBesideGap = pages[index - 1] === null || pages[index + 1] === null;
  const isNeighbour = Math.abs((pages[index] ?? current) - current) === 1;
  return isBesideGap && isNeighbour ? "max-sm:hidden" : undefined;
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
