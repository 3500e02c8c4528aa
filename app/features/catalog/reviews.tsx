import { CircleCheck } from "lucide-react";
import type { FunctionReturnType } from "convex/server";
import { useFormatter, useLocale, useTranslations } from "use-intl";

import { Button } from "#app/components/ui/button.tsx";
import { Icon } from "#app/components/ui/icon.tsx";
import { RatingDistribution, RatingStars } from "#app/components/ui/rating.tsx";
import { formatDay } from "#app/lib/format.ts";
import { type Live, useLivePaginated } from "#app/lib/live-query.ts";
import type { api } from "#convex/_generated/api.js";

type ReviewList = typeof api.shop.reviews.list;
type Review = FunctionReturnType<ReviewList>["page"][number];

const PAGE_SIZE = 8;

/** The rating as a whole with its distribution, and what people wrote, the newest first. */
export function Reviews({
  rating,
  handle,
}: {
  readonly rating: {
    readonly average: number;
    readonly count: number;
    /** How many gave one, two, … five stars. */
    readonly distribution: readonly number[];
  };
  readonly handle: Live<ReviewList>;
}) {
  const t = useTranslations("product");
  const format = useFormatter();
  const { results, status, loadMore } = useLivePaginated(handle);
  return (
    <section
      id="reviews"
      className="grid scroll-mt-24 items-start gap-8 lg:grid-cols-[4fr_8fr] lg:gap-16"
    >
      <div>
        <h2 className="font-display text-h1">{t("reviews")}</h2>
        <p className="my-4.5 flex items-baseline gap-3">
          <span className="font-display text-[3.5rem] leading-none font-semibold tracking-[-0.02em] tabular-nums">
            {format.number(rating.average, { minimumFractionDigits: 1, maximumFractionDigits: 1 })}
          </span>
          <span className="text-sm text-ink-2">{t("reviewsSummary", { count: rating.count })}</span>
        </p>
        <RatingDistribution
          distribution={[5, 4, 3, 2, 1].map((stars) => ({
            stars,
            count: rating.distribution[stars - 1] ?? 0,
          }))}
        />
      </div>
      <div>
        {results.length === 0 && <p className="text-ink-2">{t("noReviews")}</p>}
        {results.map((review) => (
          <ReviewArticle key={review.id} review={review} />
        ))}
        {status !== "exhausted" && (
          <Button
            busy={status === "loadingMore"}
            onClick={() => {
              loadMore(PAGE_SIZE);
            }}
          >
            {t("moreReviews")}
          </Button>
        )}
      </div>
    </section>
  );
}

function ReviewArticle({ review }: { readonly review: Review }) {
  const t = useTranslations("product");
  const locale = useLocale();
  return (
    <article className="border-t border-line py-6">
      <div className="flex items-start justify-between gap-4">
        <h3 className="text-h3">{review.title}</h3>
        <span className="pt-1.5">
          <RatingStars stars={review.rating} />
        </span>
      </div>
      <p className="mt-2 max-w-measure text-pretty text-ink-2">{review.body}</p>
      <p className="mt-2.5 flex flex-wrap items-center gap-x-4 gap-y-1 text-sm text-ink-3">
        {t("reviewBy", { author: review.authorName, date: formatDay(review.writtenAt, locale) })}
        {review.isVerified && (
          <span className="inline-flex items-center gap-1.5 text-success">
            <Icon as={CircleCheck} size={16} />
            {t("verified")}
          </span>
        )}
      </p>
    </article>
  );
}
