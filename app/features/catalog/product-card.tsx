import { Link } from "@remix-run/react";
import { useTranslations } from "use-intl";

import { Badge } from "#app/components/ui/badge.tsx";
import type { PictureSource } from "#app/components/ui/picture.tsx";
import { discountPercent, Price } from "#app/components/ui/price.tsx";
import { Rating } from "#app/components/ui/rating.tsx";
import { Skeleton } from "#app/components/ui/skeleton.tsx";
import { type Stock, StockLabel } from "#app/components/ui/stock-label.tsx";
import { Tile, type Tint } from "#app/components/ui/tile.tsx";
import { VisuallyHidden } from "#app/components/ui/visually-hidden.tsx";
import type { Money } from "#app/lib/format.ts";

export type CardProduct = {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly price: Money;
  readonly priceVaries: boolean;
  readonly compareAtPrice: Money | null;
  readonly picture: PictureSource | null;
  readonly tint: Tint;
  readonly stock: Stock;
  readonly rating: { readonly average: number; readonly count: number } | null;
  readonly isNew: boolean;
};

type ProductCardProps = {
  readonly product: CardProduct;
  readonly headingLevel?: "h2" | "h3";
  /** Among the first that are seen, whose pictures are not put off. */
  readonly priority?: boolean;
};

/** One product in a grid. The whole card leads to it; the link is the name. */
export function ProductCard({
  product,
  headingLevel: Heading = "h3",
  priority = false,
}: ProductCardProps) {
  return (
    <article className="group relative rounded-lg outline-offset-4 has-[a:focus-visible]:outline-2 has-[a:focus-visible]:outline-focus">
      <Tile
        tint={product.tint}
        picture={product.picture}
        sizes="(min-width: 1440px) 200px, (min-width: 1024px) 14vw, (min-width: 768px) 19vw, 28vw"
        decorative
        priority={priority}
        className="aspect-[1/1.08] rounded-lg"
        artClassName="transition-transform duration-[240ms] ease-out group-hover:-translate-y-1"
      >
        <ProductFlag product={product} className="absolute top-3 left-3 z-[2]" />
      </Tile>
      <div className="grid gap-x-3 gap-y-0.5 pt-3 md:grid-cols-[minmax(0,1fr)_auto] md:pt-3.5">
        <Heading className="text-ui leading-[1.35] font-semibold md:text-base md:leading-[1.35]">
          <Link
            to={`/p/${product.slug}`}
            prefetch="intent"
            className="outline-none after:absolute after:inset-0"
          >
            {product.name}
          </Link>
        </Heading>
        <Price
          price={product.price}
          compareAt={product.compareAtPrice}
          from={product.priceVaries}
          className="text-ui leading-[1.35] md:text-base md:leading-[1.35]"
        />
        <div className="flex min-h-6 items-center justify-between gap-2 md:col-span-full">
          <StockLabel stock={product.stock} />
          {product.rating && (
            <Rating
              average={product.rating.average}
              count={product.rating.count}
              className="max-md:hidden"
            />
          )}
        </div>
      </div>
    </article>
  );
}

/** The one remark on a tile: an offer before news. */
export function ProductFlag({
  product,
  className,
}: {
  readonly product: Pick<CardProduct, "price" | "compareAtPrice" | "isNew">;
  readonly className?: string;
}) {
  const t = useTranslations("catalog");
  const percent = discountPercent(product.price, product.compareAtPrice);
  if (percent !== null && percent > 0) {
    return (
      <Badge tone="ink" className={className}>
        <span aria-hidden="true">{t("discount", { percent })}</span>
        <VisuallyHidden>{t("discountLabel", { percent })}</VisuallyHidden>
      </Badge>
    );
  }
  if (!product.isNew) return null;
  return (
    <Badge tone="paper" className={className}>
      {t("new")}
    </Badge>
  );
}

/** The exact size of a card whose product is on its way. */
export function ProductCardSkeleton() {
  return (
    <div aria-hidden="true">
      <Skeleton className="aspect-[1/1.08] rounded-lg" />
      <Skeleton className="mt-4.5 h-4 w-[70%]" />
      <Skeleton className="mt-2.5 h-3.5 w-[45%]" />
    </div>
  );
}

/** Two columns on phones, three on tablets and beside filters, four on desktops. */
export function ProductGrid({
  products,
  headingLevel,
  priorityCount = 0,
  label,
}: {
  readonly products: readonly CardProduct[];
  readonly headingLevel?: "h2" | "h3";
  readonly priorityCount?: number;
  readonly label?: string;
}) {
  return (
    <ul
      aria-label={label}
      className="grid grid-cols-2 gap-x-3 gap-y-7 md:grid-cols-3 md:gap-x-5 md:gap-y-10 lg:grid-cols-4"
    >
      {products.map((product, index) => (
        <li key={product.id}>
          <ProductCard
            product={product}
            priority={index < priorityCount}
            {...(headingLevel === undefined ? {} : { headingLevel })}
          />
        </li>
      ))}
    </ul>
  );
}
