import { useLocale, useTranslations } from "use-intl";

import { formatMoney, type Money } from "#app/lib/format.ts";

import { classNames } from "./class-names.ts";
import { LiveValue } from "./live-value.tsx";
import { VisuallyHidden } from "./visually-hidden.tsx";

type PriceProps = {
  readonly price: Money;
  /** The former price, struck through. */
  readonly compareAt?: Money | null;
  /** Variants differ: "from €19". */
  readonly from?: boolean;
  /** The 32 px figure of a product page. */
  readonly large?: boolean;
  /** Always with minor units, as totals are written: €235.00. */
  readonly exact?: boolean;
  readonly className?: string | undefined;
};

/** What something costs now; a change while it is read is tinted for a moment. */
export function Price({
  price,
  compareAt = null,
  from = false,
  large = false,
  exact = false,
  className,
}: PriceProps) {
  const t = useTranslations("ui.price");
  const locale = useLocale();
  const style = exact ? "exact" : "short";
  const current = <LiveValue value={price.amount}>{formatMoney(price, locale, style)}</LiveValue>;
  return (
    <span
      className={classNames(
        "font-semibold tabular-nums",
        large && "font-display text-price",
        className,
      )}
    >
      {from ? t.rich("from", { price: () => current, small: smallWord }) : current}
      {compareAt && (
        <>
          <VisuallyHidden> {t("was")} </VisuallyHidden>
          <s
            className={classNames(
              "ml-1.5 font-normal text-ink-3",
              large && "font-sans text-lg tracking-normal",
            )}
          >
            {formatMoney(compareAt, locale, style)}
          </s>
        </>
      )}
    </span>
  );
}

/** By how much a price is lower than before, in whole per cent. Null when it is not lower. */
export function discountPercent(price: Money, compareAt: Money | null): number | null {
  if (compareAt === null || compareAt.amount <= price.amount) return null;
  return Math.round((1 - price.amount / compareAt.amount) * 100);
}

function smallWord(chunks: React.ReactNode) {
  return <span className="font-sans text-sm font-normal tracking-normal text-ink-2">{chunks}</span>;
}
