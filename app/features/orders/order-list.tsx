import { Link } from "@remix-run/react";
import type { FunctionReturnType } from "convex/server";
import { useLocale, useTranslations } from "use-intl";

import { Badge, type BadgeTone } from "#app/components/ui/badge.tsx";
import { Price } from "#app/components/ui/price.tsx";
import { Thumb } from "#app/components/ui/tile.tsx";
import { formatDay } from "#app/lib/format.ts";
import type { api } from "#convex/_generated/api.js";

import type { OrderState } from "./order-steps.ts";

export type OrderSummary = FunctionReturnType<typeof api.account.orders.list>["page"][number];

const TONES: Record<OrderState, BadgeTone> = {
  awaitingPayment: "warning",
  paymentPending: "warning",
  needsReview: "warning",
  paid: "accent",
  processing: "accent",
  shipped: "accent",
  delivered: "success",
  cancelled: "neutral",
  refunded: "neutral",
};

/** The orders, the latest first; their states move in place. */
export function OrderList({ orders }: { readonly orders: readonly OrderSummary[] }) {
  return (
    <ul className="border-t border-line">
      {orders.map((order) => (
        <OrderRow key={order.number} order={order} />
      ))}
    </ul>
  );
}

function OrderRow({ order }: { readonly order: OrderSummary }) {
  const t = useTranslations("orders");
  const locale = useLocale();
  return (
    <li className="relative border-b border-line py-5 hover:bg-muted/40">
      <div className="flex flex-wrap items-center gap-x-6 gap-y-3">
        <div className="flex gap-2 md:w-62">
          {order.pictures.map(({ name, picture, tint }, index) => (
            <Thumb key={`${index} ${name}`} tint={tint} picture={picture} size={56} />
          ))}
        </div>
        <div className="min-w-0 flex-1">
          <h2 className="text-base font-semibold">
            <Link
              to={`/account/orders/${order.number}`}
              className="after:absolute after:inset-0 hover:underline"
            >
              {t("orderTitle", { number: order.number })}
            </Link>
          </h2>
          <p className="text-sm text-ink-2">
            {t("placedOn", { date: formatDay(order.placedAt, locale) })},{" "}
            {t("pieces", { count: order.itemCount })}
          </p>
        </div>
        <div className="flex items-center gap-5 max-sm:w-full max-sm:justify-between">
          <Badge tone={TONES[order.state]}>{t(`state.${order.state}`)}</Badge>
          <Price price={order.total} exact />
        </div>
      </div>
    </li>
  );
}
