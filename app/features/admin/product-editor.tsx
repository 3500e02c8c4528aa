import type { FunctionReturnType } from "convex/server";
import type { ReactNode } from "react";
import { useTranslations } from "use-intl";

import { Badge } from "#app/components/ui/badge.tsx";
import { Breadcrumbs } from "#app/components/ui/breadcrumbs.tsx";
import { Panel } from "#app/components/ui/panel.tsx";
import { Price } from "#app/components/ui/price.tsx";
import { SummaryList, SummaryRow } from "#app/components/ui/summary-list.tsx";
import { TextLink } from "#app/components/ui/text-link.tsx";
import type { api } from "#convex/_generated/api.js";

import { AlsoHere } from "./also-here.tsx";
import { PageHead } from "./page-head.tsx";
import { useMay } from "./permissions.tsx";
import { PriceForm } from "./price-form.tsx";
import { StockFigures, StockForm } from "./stock-form.tsx";

export type AdminProduct = FunctionReturnType<typeof api.admin.products.get>;
export type ProductVariant = AdminProduct["variants"][number];

/** A product with the price and the count of each variant; beside it what shoppers see of it. */
export function ProductEditor({
  product,
  preview,
}: {
  readonly product: AdminProduct;
  readonly preview: ReactNode;
}) {
  const t = useTranslations("admin.product");
  const mayPrice = useMay("product:write");
  const mayCount = useMay("stock:write");
  return (
    <>
      <Breadcrumbs
        crumbs={[{ to: "/admin/products", label: t("breadcrumb") }, { label: product.name }]}
        className="mb-2"
      />
      <PageHead title={product.name}>
        <AlsoHere room={`products/${product.id}`} />
      </PageHead>
      <div className="mt-6 grid items-start gap-5 xl:grid-cols-[minmax(0,1fr)_320px]">
        <Panel title={t("variants")}>
          {!mayPrice && !mayCount && (
            <p className="-mt-2 mb-4 text-sm text-ink-2">{t("readOnly")}</p>
          )}
          <ul className="divide-y divide-line">
            {product.variants.map((variant) => (
              <li key={variant.id} className="grid gap-5 py-6 first:pt-1 last:pb-0">
                <VariantHead product={product} variant={variant} />
                <div className="grid gap-6 lg:grid-cols-2 lg:gap-8">
                  {mayPrice && <PriceForm variant={variant} name={nameOf(product, variant)} />}
                  {mayCount && <StockForm variant={variant} name={nameOf(product, variant)} />}
                </div>
              </li>
            ))}
          </ul>
        </Panel>
        <div className="grid gap-5 sm:max-xl:grid-cols-2">
          <Panel
            title={t("preview")}
            aside={
              product.status === "active" && (
                <TextLink to={`/p/${product.slug}`} className="text-sm">
                  {t("inShop")}
                </TextLink>
              )
            }
          >
            <div className="mx-auto max-w-[264px]">{preview}</div>
          </Panel>
          <Facts product={product} />
        </div>
      </div>
    </>
  );
}

function VariantHead({
  product,
  variant,
}: {
  readonly product: AdminProduct;
  readonly variant: ProductVariant;
}) {
  const label = optionsOf(product, variant);
  return (
    <div className="flex flex-wrap items-baseline justify-between gap-x-6 gap-y-2">
      <div className="flex flex-wrap items-baseline gap-x-3">
        <h3 className="font-semibold">{label === "" ? variant.sku : label}</h3>
        {label !== "" && <span className="text-xs text-ink-3">{variant.sku}</span>}
        <Price price={variant.price} compareAt={variant.compareAtPrice} exact />
      </div>
      <StockFigures variant={variant} />
    </div>
  );
}

function Facts({ product }: { readonly product: AdminProduct }) {
  const t = useTranslations("admin.product");
  const status = useTranslations("admin.products.status");
  return (
    <Panel title={t("facts")}>
      <SummaryList>
        <SummaryRow label={t("sku")}>{product.sku}</SummaryRow>
        <SummaryRow label={t("brand")}>{product.brand}</SummaryRow>
        <SummaryRow label={t("category")}>{product.categoryName}</SummaryRow>
        <SummaryRow label={t("status")}>
          <Badge tone={product.status === "active" ? "success" : "neutral"}>
            {status(product.status)}
          </Badge>
        </SummaryRow>
      </SummaryList>
    </Panel>
  );
}

function nameOf(product: AdminProduct, variant: ProductVariant): string {
  const label = optionsOf(product, variant);
  return label === "" ? product.name : `${product.name}, ${label}`;
}

/** The variant's values in the order of the product's options: "Stone grey, large". */
function optionsOf(product: AdminProduct, variant: ProductVariant): string {
  return product.options.flatMap(({ name }) => variant.options[name] ?? []).join(", ");
}
