import { ArrowLeft, ShoppingBag } from "lucide-react";
import { useTranslations } from "use-intl";

import { ButtonLink } from "#app/components/ui/button.tsx";
import { EmptyState } from "#app/components/ui/empty-state.tsx";
import { Icon } from "#app/components/ui/icon.tsx";
import { LiveDot } from "#app/components/ui/live-dot.tsx";
import { Panel } from "#app/components/ui/panel.tsx";
import { TextLink } from "#app/components/ui/text-link.tsx";

import { CartChanges } from "./cart-changes.tsx";
import { type Cart, CartLineItem } from "./cart-line.tsx";
import { CartTotals } from "./cart-totals.tsx";
import { type CartActions, useRemoval } from "./use-cart-actions.ts";

/** The whole cart, in step on every screen that shows it. */
export function CartPage({
  cart,
  actions,
}: {
  readonly cart: Cart;
  readonly actions: CartActions;
}) {
  const t = useTranslations("cart");
  const remove = useRemoval(actions);
  if (cart.lines.length === 0) {
    return (
      <div className="shell py-10 md:py-16">
        <EmptyState
          headingLevel="h1"
          title={t("emptyTitle")}
          body={t("emptyBody")}
          icon={<Icon as={ShoppingBag} size={24} />}
          action={<ButtonLink to="/c">{t("emptyAction")}</ButtonLink>}
        />
      </div>
    );
  }
  const isBlocked = cart.lines.some((line) => line.state === "unavailable");
  return (
    <div className="shell py-8 md:py-11">
      <div className="flex flex-wrap items-end justify-between gap-x-8 gap-y-2">
        <h1 className="font-display text-h1">{t("title")}</h1>
        <p className="inline-flex items-center gap-2 text-sm text-ink-2">
          <LiveDot state="live" /> {t("inStep")}
        </p>
      </div>
      <div className="mt-6 grid items-start gap-8 lg:grid-cols-[minmax(0,1fr)_392px] lg:gap-18">
        <div>
          <CartChanges cart={cart} actions={actions} />
          <ul aria-label={t("lines")} className="mt-4 border-t border-line">
            {cart.lines.map((line) => (
              <CartLineItem key={line.id} line={line} actions={actions} onRemove={remove} />
            ))}
          </ul>
          <TextLink to="/c" className="mt-6 inline-flex items-center gap-2 py-2 no-underline">
            <Icon as={ArrowLeft} size={16} /> {t("keepLooking")}
          </TextLink>
        </div>
        <Panel title={t("summary")} className="lg:sticky lg:top-24">
          <CartTotals cart={cart} />
          {isBlocked ? (
            <p className="mt-6 text-sm text-warning">{t("blocked")}</p>
          ) : (
            <ButtonLink to="/checkout" variant="primary" size="large" wide className="mt-6">
              {t("checkOut")}
            </ButtonLink>
          )}
        </Panel>
      </div>
    </div>
  );
}
