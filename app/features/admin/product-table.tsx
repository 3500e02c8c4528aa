import { Link } from "@remix-run/react";
import type { FunctionReturnType } from "convex/server";
import { PackageSearch } from "lucide-react";
import { useTranslations } from "use-intl";

import { Badge } from "#app/components/ui/badge.tsx";
import { LiveValue } from "#app/components/ui/live-value.tsx";
import { Price } from "#app/components/ui/price.tsx";
import { type Column, Table } from "#app/components/ui/table.tsx";
import { Thumb } from "#app/components/ui/tile.tsx";
import type { api } from "#convex/_generated/api.js";

import { NoRows } from "./no-rows.tsx";
import { useMay } from "./permissions.tsx";
import { StockCell } from "./stock-cell.tsx";

export type ProductRow = FunctionReturnType<typeof api.admin.products.list>["rows"][number];

/** Products with prices and counts as they are this moment; counts are set right in place. */
export function ProductTable({
  rows,
  query,
}: {
  readonly rows: readonly ProductRow[];
  readonly query: string;
}) {
  const t = useTranslations("admin.products");
  const mayCount = useMay("stock:write");
  const columns: Column<ProductRow>[] = [
    { key: "product", header: t("columns.product"), cell: (row) => <ProductCell row={row} /> },
    {
      key: "status",
      header: t("columns.status"),
      wide: true,
      cell: (row) => (
        <Badge tone={row.status === "active" ? "success" : "neutral"}>
          {t(`status.${row.status}`)}
        </Badge>
      ),
    },
    {
      key: "held",
      header: t("columns.held"),
      wide: true,
      numeric: true,
      cell: (row) => <LiveValue value={row.held}>{row.held}</LiveValue>,
    },
    {
      key: "price",
      header: t("columns.price"),
      numeric: true,
      cell: (row) => <Price price={row.price} from={row.priceVaries} />,
    },
    {
      key: "stock",
      header: t("columns.stock"),
      numeric: true,
      cell: (row) => <StockCell row={row} editable={mayCount} />,
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
          title={query === "" ? t("none") : t("emptyTitle", { query })}
          body={query === "" ? t("noneBody") : t("emptyBody")}
          icon={PackageSearch}
        />
      }
    />
  );
}

function ProductCell({ row }: { readonly row: ProductRow }) {
  return (
    <div className="flex min-w-0 items-center gap-3">
      <Thumb tint={row.tint} picture={row.picture} size={36} className="max-sm:hidden" />
      <div className="min-w-0 whitespace-normal">
        <Link to={`/admin/products/${row.id}`} className="row-link font-semibold">
          {row.name}
        </Link>
        <p className="text-xs text-ink-3">
          {row.sku}
          <span className="max-md:hidden">, {row.categoryName}</span>
        </p>
      </div>
    </div>
  );
}
