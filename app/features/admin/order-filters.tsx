import { Link } from "@remix-run/react";
import type { FunctionReturnType } from "convex/server";
import { useEffect, useRef } from "react";
import { useFormatter, useTranslations } from "use-intl";

import { classNames } from "#app/components/ui/class-names.ts";
import { LiveValue } from "#app/components/ui/live-value.tsx";
import type { api } from "#convex/_generated/api.js";
import type { OrderState } from "#convex/domain/order.ts";

import { listPath } from "./list-address.ts";

/** In the order in which an order passes through them. */
export const ORDER_STATES = [
  "awaitingPayment",
  "paymentPending",
  "needsReview",
  "paid",
  "processing",
  "shipped",
  "delivered",
  "cancelled",
  "refunded",
] as const satisfies readonly OrderState[];

/** The state that an address names; null for all. */
export function readState(searchParams: URLSearchParams): OrderState | null {
  const wanted = searchParams.get("status");
  return ORDER_STATES.find((state) => state === wanted) ?? null;
}

export type OrderCounts = FunctionReturnType<typeof api.admin.orders.counts>;

/**
 * One state at a time, each with its own address; on phones the row is moved sideways, and begins
 * where the current one is seen.
 */
export function OrderFilters({
  status,
  query,
  counts,
}: {
  readonly status: OrderState | null;
  readonly query: string;
  /** Null where they would not say what a filter leads to. */
  readonly counts: OrderCounts | null;
}) {
  const t = useTranslations("admin.orders");
  const format = useFormatter();
  const states = useTranslations("orders.state");
  const row = useRef<HTMLElement>(null);
  useEffect(() => {
    const current = row.current?.querySelector<HTMLElement>("[aria-current]");
    if (!row.current || !current) return;
    const middle = current.offsetLeft + current.offsetWidth / 2;
    row.current.scrollLeft = middle - row.current.offsetLeft - row.current.clientWidth / 2;
  }, [status]);
  return (
    <nav
      ref={row}
      aria-label={t("filters")}
      className="-mx-4 [scrollbar-width:none] overflow-x-auto px-4 md:mx-0 md:px-0"
    >
      <ul className="flex gap-2 p-0.5 md:flex-wrap">
        {[null, ...ORDER_STATES].map((state) => (
          <li key={state ?? "all"}>
            <Link
              to={listPath("/admin/orders", { q: query, page: 1, status: state })}
              aria-current={state === status ? "true" : undefined}
              preventScrollReset
              className={classNames(
                "inline-flex h-9 items-center rounded-full border px-3.5 text-sm font-medium whitespace-nowrap",
                state === status
                  ? "border-inverse bg-inverse text-on-inverse"
                  : "border-line-strong/55 bg-surface hover:border-ink",
              )}
            >
              {state === null ? t("all") : states(state)}
              {counts !== null && (
                <LiveValue
                  value={counts[state ?? "all"]}
                  className={classNames(
                    "ml-1.5 tabular-nums",
                    state === status ? "opacity-75" : "text-ink-2",
                  )}
                >
                  {format.number(counts[state ?? "all"])}
                </LiveValue>
              )}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
