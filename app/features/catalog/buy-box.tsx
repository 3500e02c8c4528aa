import { Form } from "@remix-run/react";
import { Check } from "lucide-react";
import type { FunctionReturnType } from "convex/server";
import { useRef } from "react";
import { useLocale, useTranslations } from "use-intl";

import { Badge } from "#app/components/ui/badge.tsx";
import { Button } from "#app/components/ui/button.tsx";
import { Icon } from "#app/components/ui/icon.tsx";
import { LiveAnnouncement } from "#app/components/ui/live-announcement.tsx";
import { discountPercent, Price } from "#app/components/ui/price.tsx";
import { Rating } from "#app/components/ui/rating.tsx";
import { formatMoney, type Money } from "#app/lib/format.ts";
import type { api } from "#convex/_generated/api.js";

import { AddToCart, type Addition } from "./add-to-cart.tsx";
import { type DeliveryMethod, DeliveryLines } from "./delivery-lines.tsx";

import { OptionGroup } from "./option-group.tsx";
import { optionChoices, withOption } from "./product-choice.ts";
import { StockBox } from "./stock-box.tsx";

export type ProductDetail = Exclude<
  FunctionReturnType<typeof api.shop.products.get>,
  null | { movedTo: string }
>;
export type Variant = ProductDetail["variants"][number];

/** Everything needed to decide and to buy: price and stock are live, the choice is in the address. */
export function BuyBox({
  product,
  variant,
  deliveryMethods,
  addition,
  onChoose,
}: {
  readonly product: ProductDetail;
  readonly variant: Variant;
  readonly deliveryMethods: readonly DeliveryMethod[];
  readonly addition: Addition;
  readonly onChoose: (variant: Variant) => void;
}) {
  const t = useTranslations("product");
  const locale = useLocale();
  return (
    <div className="grid gap-5.5 pt-1 md:pt-2">
      <div>
        <p className="text-sm font-medium text-ink-2">{product.brand}</p>
        <h1 className="mt-2 font-display text-display text-balance">{product.name}</h1>
        {product.rating && (
          <a href="#reviews" className="mt-3 inline-flex min-h-6 items-center rounded-sm">
            <Rating average={product.rating.average} count={product.rating.count} withWord />
          </a>
        )}
      </div>
      <PriceRow key={`price ${variant.id}`} variant={variant} />
      <Highlights highlights={product.highlights} />
      {product.options.length > 0 && (
        <Form method="get" preventScrollReset replace className="grid gap-4.5">
          {optionChoices(product, variant).map((option) => (
            <OptionGroup
              key={option.name}
              option={option}
              onChoose={(value) => {
                onChoose(withOption(product, variant, option.name, value));
              }}
            />
          ))}
          <noscript>
            <Button type="submit">{t("updateChoice")}</Button>
          </noscript>
        </Form>
      )}
      <StockBox stock={variant.stock} />
      <LiveAnnouncement
        key={variant.id}
        text={`${t("announceStock", { count: variant.stock.available })}. ${t("announcePrice", {
          price: formatMoney(variant.price, locale, "short"),
        })}`}
      />
      <AddToCart name={product.name} variant={variant} addition={addition} />
      <DeliveryLines methods={deliveryMethods} />
    </div>
  );
}

/** The price now, and what it was when this page was opened if it has moved since. */
function PriceRow({ variant }: { readonly variant: Variant }) {
  const t = useTranslations("product");
  const locale = useLocale();
  const { current: firstPrice } = useRef<Money>(variant.price);
  const percent = discountPercent(variant.price, variant.compareAtPrice);
  const hasMoved = firstPrice.amount !== variant.price.amount;
  return (
    <div>
      <p className="flex min-h-8 flex-wrap items-center gap-x-4 gap-y-2">
        <Price price={variant.price} compareAt={variant.compareAtPrice} large />
        {percent !== null && percent > 0 && <Badge tone="ink">{t("discount", { percent })}</Badge>}
      </p>
      <p className="mt-1.5 text-xs text-ink-3">
        {hasMoved
          ? t("priceNote", { was: formatMoney(firstPrice, locale, "short") })
          : t("taxLine")}
      </p>
    </div>
  );
}

function Highlights({ highlights }: { readonly highlights: readonly string[] }) {
  if (highlights.length === 0) return null;
  return (
    <ul className="grid gap-1.5 text-ink-2">
      {highlights.map((highlight) => (
        <li key={highlight} className="flex gap-2.5">
          <Icon as={Check} size={16} className="mt-1.5 text-ink-3" />
          {highlight}
        </li>
      ))}
    </ul>
  );
}
