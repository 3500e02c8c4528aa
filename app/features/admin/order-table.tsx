import { Link } from "@remix-run/react";
import type { FunctionReturnType } from "convex/server";
import { PackageOpen } from "lucide-react";
import { useLocale, useTranslations } from "use-intl";

import { Badge } from "#app/components/ui/badge.tsx";
import { type Column, Table } from "#app/components/ui/table.tsx";
import { formatMoment, formatMoney } from "#app/lib/format.ts";
import type { api } from "#convex/_generated/api.js";

import { NoRows } from "./no-rows.tsx";
import { OrderStateBadge } from "./order-state-badge.tsx";

export type OrderRow = FunctionReturnType<typeof api.admin.orders.list>["rows"][number];

/** Orders with their state as it is this moment. */
export function OrderTable({
  rows,
  query,
}: {
  readonly rows: readonly OrderRow[];
  readonly query: string;
}) {
  const t = useTranslations("admin.orders");
  const methods = useTranslations("orders.payment");
  const locale = useLocale();
  const columns: Column<OrderRow>[] = [
    { key: "order", header: t("columns.order"), cell: (row) => <OrderCell row={row} /> },
    {
      key: "customer",
      header: t("columns.customer"),
      wide: true,
      cell: (row) => <CustomerCell row={row} />,
    },
    {
      key: "placed",
      header: t("columns.placed"),
      wide: true,
      cell: (row) => (
        <>
          <p className="tabular-nums">{formatMoment(row.placedAt, locale)}</p>
          <p className="text-xs text-ink-3">{methods(row.paymentMethod)}</p>
        </>
      ),
    },
    { key: "state", header: t("columns.state"), cell: (row) => <OrderStateBadge order={row} /> },
    {
      key: "total",
      header: t("columns.total"),
      numeric: true,
      cell: (row) => <span className="font-semibold">{formatMoney(row.total, locale)}</span>,
    },
  ];
  return (
    <Table
      caption={t("caption")}
      columns={columns}
      rows={rows}
      rowKey={(row) => row.id}
      empty={
        <NoRows
          title={t("emptyTitle")}
          body={query === "" ? t("emptyBody") : t("emptySearch", { query })}
          icon={PackageOpen}
        />
      }
    />
  );
}

function OrderCell({ row }: { readonly row: OrderRow }) {
  const t = useTranslations("admin.order");
  return (
    <div className="min-w-0">
      <span className="flex flex-wrap items-center gap-2">
        <Link to={`/admin/orders/${row.number}`} className="row-link font-semibold tabular-nums">
          {row.number}
        </Link>
        {row.attention !== null && <Badge tone="warning">{t("check")}</Badge>}
      </span>
      <p className="max-w-[9rem] truncate text-xs text-ink-2 md:hidden">{row.customerName}</p>
    </div>
  );
}

function CustomerCell({ row }: { readonly row: OrderRow }) {
  return (
    <div className="max-w-[11rem] min-w-0 lg:max-w-[16rem]">
      <p className="truncate">{row.customerName}</p>
      <p className="truncate text-xs text-ink-3">{row.email}</p>
    </div>
  );
}
