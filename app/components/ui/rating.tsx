import { Star } from "lucide-react";
import { useFormatter, useTranslations } from "use-intl";

import { classNames } from "./class-names.ts";
import { VisuallyHidden } from "./visually-hidden.tsx";

/** Star, average and count. Without a review nothing is shown: the caller leaves it out. */
export function Rating({
  average,
  count,
  withWord = false,
  className,
}: {
  readonly average: number;
  readonly count: number;
  /** "(327 reviews)" in place of "(327)". */
  readonly withWord?: boolean;
  readonly className?: string | undefined;
}) {
  const t = useTranslations("ui.rating");
  return (
    <span
      className={classNames(
        "inline-flex items-center gap-[5px] text-sm leading-5 font-semibold whitespace-nowrap",
        className,
      )}
    >
      <StarGlyph className="text-star" />
      <span aria-hidden="true">
        <Average value={average} />{" "}
        <span className="font-normal text-ink-3">
          ({withWord ? t("reviews", { count }) : <Count value={count} />})
        </span>
      </span>
      <VisuallyHidden>{t("label", { average, count })}</VisuallyHidden>
    </span>
  );
}

/** The stars that one person gave. */
export function RatingStars({ stars }: { readonly stars: number }) {
  const t = useTranslations("ui.rating");
  return (
    <span role="img" aria-label={t("given", { stars })} className="inline-flex shrink-0 gap-[5px]">
      {[1, 2, 3, 4, 5].map((star) => (
        <StarGlyph key={star} className={star <= stars ? "text-star" : "text-line-strong/40"} />
      ))}
    </span>
  );
}

/** How many gave each number of stars, five first. */
export function RatingDistribution({
  distribution,
}: {
  readonly distribution: readonly { readonly stars: number; readonly count: number }[];
}) {
  const t = useTranslations("ui.rating");
  const total = distribution.reduce((sum, row) => sum + row.count, 0);
  return (
    <ul className="grid gap-2">
      {distribution.map(({ stars, count }) => (
        <li key={stars} className="text-sm text-ink-2 tabular-nums">
          <span aria-hidden="true" className="grid grid-cols-[14px_1fr_32px] items-center gap-3">
            <span>{stars}</span>
            <span className="block h-1.5 overflow-hidden rounded-[3px] bg-line">
              <span
                className="block h-full rounded-[3px] bg-star"
                style={{ width: `${total === 0 ? 0 : (count / total) * 100}%` }}
              />
            </span>
            <span className="text-right">
              <Count value={count} />
            </span>
          </span>
          <VisuallyHidden>{t("distribution", { stars, count })}</VisuallyHidden>
        </li>
      ))}
    </ul>
  );
}

function StarGlyph({ className }: { readonly className: string }) {
  return (
    <Star
      aria-hidden="true"
      width={15}
      height={15}
      fill="currentColor"
      strokeWidth={1.75}
      className={classNames("shrink-0", className)}
    />
  );
}

function Average({ value }: { readonly value: number }) {
  const format = useFormatter();
  return <>{format.number(value, { minimumFractionDigits: 1, maximumFractionDigits: 1 })}</>;
}

function Count({ value }: { readonly value: number }) {
  const format = useFormatter();
  return <>{format.number(value)}</>;
}
