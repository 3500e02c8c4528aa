import { useLocale, useTranslations } from "use-intl";

import { LiveValue } from "#app/components/ui/live-value.tsx";
import { SummaryList, SummaryRow } from "#app/components/ui/summary-list.tsx";
import { formatMoney, type Money } from "#app/lib/format.ts";

import type { Cart } from "./cart-line.tsx";

/** What the cart comes to, delivery and tax included, as the server worked it out. */
export function CartTotals({ cart }: { readonly cart: Cart }) {
  const t = useTranslations("cart");
  const locale = useLocale();
  const { deliveryEstimate, freeDeliveryFrom } = cart;
  const missing = freeDeliveryFrom === null ? 0 : freeDeliveryFrom.amount - cart.subtotal.amount;
  return (
    <>
      <SummaryList>
        <SummaryRow label={t("items", { count: cart.count })}>
          <LiveMoney money={cart.subtotal} />
        </SummaryRow>
        {deliveryEstimate !== null && (
          <SummaryRow label={t("delivery")}>
            {deliveryEstimate.amount === 0 ? t("free") : <LiveMoney money={deliveryEstimate} />}
          </SummaryRow>
        )}
        <SummaryRow label={t("total")} total>
          <LiveMoney money={cart.total} />
        </SummaryRow>
      </SummaryList>
      <p className="mt-1.5 text-sm text-ink-2">
        {t("taxIncluded", { tax: formatMoney(cart.taxIncluded, locale) })}
      </p>
      {freeDeliveryFrom !== null && missing > 0 && (
        <p className="mt-1.5 text-sm text-ink-2">
          {t("freeFrom", {
            missing: formatMoney({ ...freeDeliveryFrom, amount: missing }, locale, "short"),
          })}
        </p>
      )}
    </>
  );
}

function LiveMoney({ money }: { readonly money: Money }) {
  const locale = useLocale();
  return <LiveValue value={money.amount}>{formatMoney(money, locale)}</LiveValue>;
}
