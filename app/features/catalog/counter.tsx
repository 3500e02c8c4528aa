import { Link } from "@remix-run/react";
import { ChevronRight } from "lucide-react";
import { useTranslations } from "use-intl";

import { classNames } from "#app/components/ui/class-names.ts";
import { Icon } from "#app/components/ui/icon.tsx";
import { LiveValue } from "#app/components/ui/live-value.tsx";
import { Price } from "#app/components/ui/price.tsx";
import { Rating } from "#app/components/ui/rating.tsx";
import type { Stock } from "#app/components/ui/stock-label.tsx";
import { Thumb } from "#app/components/ui/tile.tsx";

import type { CardProduct } from "./product-card.tsx";

type CounterProduct = CardProduct & { readonly brand: string };

/** A few products in rows, whose stock and prices move while one looks. */
export function Counter({ products }: { readonly products: readonly CounterProduct[] }) {
  const t = useTranslations("home");
  return (
    <section className="shell grid items-start gap-8 py-section-m md:py-section lg:grid-cols-[4fr_8fr] lg:gap-16">
      <div>
        <h2 className="font-display text-h1 text-balance">{t("counterTitle")}</h2>
        <p className="mt-3 max-w-measure text-lg text-ink-2">{t("counterBody")}</p>
      </div>
      <ul className="border-b border-line">
        {products.map((product) => (
          <CounterRow key={product.id} product={product} />
        ))}
      </ul>
    </section>
  );
}

function CounterRow({ product }: { readonly product: CounterProduct }) {
  return (
    <li className="group relative grid grid-cols-[64px_minmax(0,1fr)_auto] items-center gap-x-3.5 border-t border-line py-3.5 outline-offset-2 has-[a:focus-visible]:outline-2 has-[a:focus-visible]:outline-focus md:grid-cols-[64px_minmax(0,1fr)_110px_118px_auto_20px] md:gap-x-5">
      <Thumb tint={product.tint} picture={product.picture} className="max-md:row-span-2" />
      <div className="min-w-0 max-md:self-end">
        <Link
          to={`/p/${product.slug}`}
          prefetch="intent"
          className="font-semibold outline-none group-hover:underline group-hover:decoration-1 group-hover:underline-offset-4 after:absolute after:inset-0"
        >
          {product.name}
        </Link>
        <p className="truncate text-sm text-ink-2 max-md:hidden">{product.brand}</p>
      </div>
      <div className="max-md:hidden">
        {product.rating && <Rating average={product.rating.average} count={product.rating.count} />}
      </div>
      <CounterStock stock={product.stock} />
      <Price
        price={product.price}
        from={product.priceVaries}
        className="text-right max-md:col-start-3 max-md:row-start-1 max-md:self-end md:min-w-21"
      />
      <Icon as={ChevronRight} className="text-ink-3 group-hover:text-ink max-md:hidden" />
    </li>
  );
}

function CounterStock({ stock }: { readonly stock: Stock }) {
  const t = useTranslations("home");
  return (
    <p
      className={classNames(
        "text-sm whitespace-nowrap max-md:col-start-2 max-md:row-start-2 max-md:self-start",
        stock.state === "low" ? "font-semibold text-warning" : "text-ink-2",
      )}
    >
      <LiveValue value={stock.available}>
        {stock.state === "in" && t("counterStock", { count: stock.available })}
        {stock.state === "low" && t("counterLow", { count: stock.available })}
        {stock.state === "out" && t("counterOut")}
      </LiveValue>
    </p>
  );
}
