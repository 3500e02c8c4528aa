import type { FunctionReturnType } from "convex/server";
import type { ReactNode } from "react";
import { useLocale, useTranslations } from "use-intl";

import { LiveValue } from "#app/components/ui/live-value.tsx";
import { Panel } from "#app/components/ui/panel.tsx";
import { Price } from "#app/components/ui/price.tsx";
import { SummaryList, SummaryRow } from "#app/components/ui/summary-list.tsx";
import { Thumb } from "#app/components/ui/tile.tsx";
import { VisuallyHidden } from "#app/components/ui/visually-hidden.tsx";
import { formatMoney, type Money } from "#app/lib/format.ts";
import type { api } from "#convex/_generated/api.js";

import type { Checkout } from "./checkout-steps.ts";

type Cart = FunctionReturnType<typeof api.shop.cart.get>;
type Line = Pick<
  Cart["lines"][number],
  "variantId" | "name" | "optionLabel" | "quantity" | "lineTotal" | "picture" | "tint"
>;

/**
 * What is being bought and what it comes to: the quote once a delivery is chosen, before that the
 * cart with the cheapest delivery.
 */
export function OrderSummary({
  quote,
  cart,
  children,
}: {
  readonly quote: Checkout["quote"];
  readonly cart: Cart;
  readonly children?: ReactNode;
}) {
  const t = useTranslations("checkout.order");
  const locale = useLocale();
  const lines: readonly Line[] = quote?.lines ?? cart.lines;
  const delivery = quote?.delivery ?? cart.deliveryEstimate;
  const { subtotal, taxIncluded, total } = quote ?? cart;
  return (
    <Panel title={t("title")} className="lg:sticky lg:top-8">
      <ul className="grid gap-4 border-b border-line pb-5">
        {lines.map((line) => (
          <SummaryLine key={line.variantId} line={line} />
        ))}
      </ul>
      <div className="pt-4">
        <SummaryList>
          <SummaryRow label={t("items")}>
            <LiveMoney money={subtotal} />
          </SummaryRow>
          {quote !== null && quote.discount.amount > 0 && (
            <SummaryRow label={t("discount")}>
              −<LiveMoney money={quote.discount} />
            </SummaryRow>
          )}
          {delivery !== null && (
            <SummaryRow label={quote === null ? t("deliveryFrom") : t("delivery")}>
              {delivery.amount === 0 ? t("free") : <LiveMoney money={delivery} />}
            </SummaryRow>
          )}
          <SummaryRow label={t("total")} total>
            <LiveMoney money={total} />
          </SummaryRow>
        </SummaryList>
        <p className="mt-1.5 text-xs text-ink-3">
          {t("tax", { tax: formatMoney(taxIncluded, locale) })}
        </p>
      </div>
      {children}
    </Panel>
  );
}

function SummaryLine({ line }: { readonly line: Line }) {
  const t = useTranslations("checkout.order");
  return (
    <li className="grid grid-cols-[56px_minmax(0,1fr)_auto] items-center gap-3.5">
      <div className="relative">
        <Thumb tint={line.tint} picture={line.picture} size={56} />
        {line.quantity > 1 && (
          <span
            aria-hidden="true"
            className="absolute -top-1.5 -right-1.5 min-w-[18px] rounded-full bg-inverse px-1.5 text-center text-2xs leading-[18px] font-semibold text-on-inverse tabular-nums"
          >
            {line.quantity}
          </span>
        )}
      </div>
      <div className="min-w-0 text-sm">
        <p className="font-semibold">
          {line.quantity > 1 && (
            <VisuallyHidden>{t("quantity", { count: line.quantity })} </VisuallyHidden>
          )}
          {line.name}
        </p>
        {line.optionLabel !== "" && <p className="text-xs text-ink-2">{line.optionLabel}</p>}
      </div>
      <Price price={line.lineTotal} className="text-sm" />
    </li>
  );
}

function LiveMoney({ money }: { readonly money: Money }) {
  const locale = useLocale();
  return <LiveValue value={money.amount}>{formatMoney(money, locale)}</LiveValue>;
}
