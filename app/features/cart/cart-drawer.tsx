import { useQuery } from "convex/react";
import type { GenericId } from "convex/values";
import { ShoppingBag } from "lucide-react";
import { useRef } from "react";
import { useLocale, useTranslations } from "use-intl";

import { ButtonLink } from "#app/components/ui/button.tsx";
import { Drawer } from "#app/components/ui/drawer.tsx";
import { EmptyState } from "#app/components/ui/empty-state.tsx";
import { Icon } from "#app/components/ui/icon.tsx";
import { LiveValue } from "#app/components/ui/live-value.tsx";
import { Patiently, Skeleton } from "#app/components/ui/skeleton.tsx";
import { SummaryList, SummaryRow } from "#app/components/ui/summary-list.tsx";
import { VisuallyHidden } from "#app/components/ui/visually-hidden.tsx";
import { formatMoney } from "#app/lib/format.ts";
import { api } from "#convex/_generated/api.js";

import { CartChanges } from "./cart-changes.tsx";
import { type Cart, CartLineItem } from "./cart-line.tsx";
import { type CartActions, useRemoval } from "./use-cart-actions.ts";

/** The cart beside the page, opened when something was put in; in step with every other view of it. */
export function CartDrawer({
  addedVariantId,
  actions,
  onClose,
}: {
  /** What was just added; null keeps the drawer shut. */
  readonly addedVariantId: GenericId<"variants"> | null;
  readonly actions: CartActions;
  readonly onClose: () => void;
}) {
  const t = useTranslations("cart");
  const isOpen = addedVariantId !== null;
  const cart = useArrivedCart(isOpen);
  return (
    <Drawer
      open={isOpen}
      onClose={onClose}
      title={t.rich("drawerTitle", {
        count: cart?.count ?? 0,
        figure: (chunks) => <span className="font-normal text-ink-3">{chunks}</span>,
      })}
      footer={cart !== null && cart.lines.length > 0 ? <Footer cart={cart} /> : undefined}
    >
      {isOpen && <Lines cart={cart} addedVariantId={addedVariantId} actions={actions} />}
    </Drawer>
  );
}

function Lines({
  cart,
  addedVariantId,
  actions,
}: {
  readonly cart: Cart | null;
  readonly addedVariantId: GenericId<"variants"> | null;
  readonly actions: CartActions;
}) {
  const t = useTranslations("cart");
  const remove = useRemoval(actions);
  if (cart === null) return <LoadingLine />;
  if (cart.lines.length === 0) {
    return (
      <div className="py-10">
        <EmptyState
          headingLevel="h3"
          title={t("emptyTitle")}
          body={t("emptyBody")}
          icon={<Icon as={ShoppingBag} size={24} />}
        />
      </div>
    );
  }
  return (
    <>
      <div className="pt-3 empty:hidden">
        <CartChanges cart={cart} actions={actions} />
      </div>
      <ul aria-label={t("lines")}>
        {addedFirst(cart, addedVariantId).map((line) => (
          <CartLineItem
            key={line.id}
            line={line}
            actions={actions}
            onRemove={remove}
            compact
            isNew={line.variantId === addedVariantId}
          />
        ))}
      </ul>
    </>
  );
}

function Footer({ cart }: { readonly cart: Cart }) {
  const t = useTranslations("cart");
  const locale = useLocale();
  const { deliveryEstimate, total } = cart;
  return (
    <>
      <SummaryList>
        {deliveryEstimate !== null && (
          <SummaryRow label={t("delivery")}>
            {deliveryEstimate.amount === 0 ? t("free") : formatMoney(deliveryEstimate, locale)}
          </SummaryRow>
        )}
        <SummaryRow label={t("total")} total>
          <LiveValue value={total.amount}>{formatMoney(total, locale)}</LiveValue>
        </SummaryRow>
      </SummaryList>
      <div className="mt-5 grid gap-2">
        <ButtonLink to="/checkout" variant="primary" size="large" wide>
          {t("checkOut")}
        </ButtonLink>
        <ButtonLink to="/cart" variant="quiet" wide>
          {t("viewCart")}
        </ButtonLink>
      </div>
    </>
  );
}

function LoadingLine() {
  const t = useTranslations("cart");
  return (
    <Patiently>
      <VisuallyHidden>{t("loading")}</VisuallyHidden>
      <div className="grid grid-cols-[80px_1fr] gap-4 py-4.5">
        <Skeleton className="size-20 rounded-[14px]" />
        <Skeleton className="h-5 w-40 rounded-sm" />
      </div>
    </Patiently>
  );
}

/**
 * Null until what was added is there: a visitor's first addition makes a guest, and the socket is the
 * guest's a moment later. After that an empty cart is an empty cart.
 */
function useArrivedCart(isOpen: boolean): Cart | null {
  const cart = useQuery(api.shop.cart.get, isOpen ? {} : "skip");
  const hasArrived = useRef(false);
  if (cart !== undefined && cart.lines.length > 0) hasArrived.current = true;
  return cart !== undefined && hasArrived.current ? cart : null;
}

function addedFirst(cart: Cart, addedVariantId: GenericId<"variants"> | null): Cart["lines"] {
  const isAdded = (line: Cart["lines"][number]) => line.variantId === addedVariantId;
  return [...cart.lines.filter(isAdded), ...cart.lines.filter((line) => !isAdded(line))];
}
