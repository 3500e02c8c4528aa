import { Link, useLocation, useNavigation, useSearchParams } from "@remix-run/react";
import type { PaginationResult } from "convex/server";
import { useTranslations } from "use-intl";

import { Button, ButtonLink } from "#app/components/ui/button.tsx";

import { useHeldOrder } from "./held-order.ts";
import { goOn, PAGE_SIZE, readShown, showMore } from "./list-view.ts";
import { type CardProduct, ProductGrid } from "./product-card.tsx";

/**
 * A page of products with "show more". How many are shown is part of the address, so that it can be
 * shared, come back to, and works without scripts.
 */
export function ProductResults({
  result,
  listKey,
  total,
  label,
}: {
  readonly result: PaginationResult<CardProduct>;
  /** Names the list: with another name nothing of the old order is kept. */
  readonly listKey: string;
  /** How many there are in all; null when nobody counted. */
  readonly total: number | null;
  readonly label: string;
}) {
  const t = useTranslations("catalog");
  const [params] = useSearchParams();
  const { rows, waiting, showWaiting } = useHeldOrder(result.page, {
    key: listKey,
    shown: readShown(params),
  });
  return (
    <>
      {waiting > 0 && (
        <div className="sticky top-20 z-sticky mb-5 flex justify-center">
          <Button size="small" className="shadow-pop" onClick={showWaiting}>
            {t("newRows", { count: waiting })}
          </Button>
        </div>
      )}
      <ProductGrid products={rows} headingLevel="h2" priorityCount={4} label={label} />
      <p role="status" className="sr-only">
        {total === null ? "" : t("shownOf", { shown: rows.length, total })}
      </p>
      {!result.isDone && (
        <MoreLink
          cursor={result.continueCursor}
          left={total === null ? PAGE_SIZE : Math.max(total - rows.length, 1)}
        />
      )}
    </>
  );
}

function MoreLink({ cursor, left }: { readonly cursor: string; readonly left: number }) {
  const t = useTranslations("catalog");
  const [params] = useSearchParams();
  const { pathname } = useLocation();
  const navigation = useNavigation();
  const more = showMore(params);
  const isLoading = navigation.state === "loading" && navigation.location.pathname === pathname;
  return (
    <div className="mt-12 flex justify-center md:mt-16">
      {more === null ? (
        <ButtonLink to={`${pathname}${goOn(params, cursor)}`}>{t("nextPieces")}</ButtonLink>
      ) : (
        <Link
          to={`${pathname}${more}`}
          replace
          preventScrollReset
          aria-busy={isLoading || undefined}
          className="inline-flex min-h-11 min-w-44 items-center justify-center rounded-md border border-line-strong/55 bg-surface px-5 text-ui font-semibold hover:border-ink"
        >
          {isLoading ? t("loadingMore") : t("loadMore", { count: Math.min(left, PAGE_SIZE) })}
        </Link>
      )}
    </div>
  );
}
