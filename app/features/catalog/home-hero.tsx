import { Link } from "@remix-run/react";
import type { FunctionReturnType } from "convex/server";
import { useTranslations } from "use-intl";

import { ButtonLink } from "#app/components/ui/button.tsx";
import { classNames } from "#app/components/ui/class-names.ts";
import { Price } from "#app/components/ui/price.tsx";
import { Tile } from "#app/components/ui/tile.tsx";
import type { api } from "#convex/_generated/api.js";

import { type CardProduct, ProductFlag } from "./product-card.tsx";

type Hero = NonNullable<FunctionReturnType<typeof api.shop.home.get>["hero"]>;

/** What the shop wants to be known for, beside one large and two small tiles. */
export function HomeHero({ hero }: { readonly hero: Hero }) {
  const t = useTranslations("home");
  const [first, ...others] = hero.tiles;
  return (
    <section className="shell grid gap-4 pt-2 md:pt-8 lg:grid-cols-[minmax(0,5.5fr)_minmax(0,6.5fr)] lg:gap-10">
      <div className="flex flex-col justify-center pt-7 pb-5 lg:py-8">
        <p className="mb-4 text-sm font-semibold text-ink-2">{hero.kicker}</p>
        <h1 className="font-display text-display-xl text-balance">{hero.title}</h1>
        <p className="mt-5 max-w-[27em] text-lg text-pretty text-ink-2 lg:mt-7">{hero.body}</p>
        <div className="mt-7 flex flex-wrap gap-2.5 max-md:*:flex-auto max-md:*:px-3.5 md:gap-3 lg:mt-9">
          <ButtonLink
            variant="primary"
            size="large"
            to={`/c/${hero.cta.category}`}
            prefetch="intent"
          >
            {hero.cta.label}
          </ButtonLink>
          <ButtonLink size="large" to="/c?sort=newest" prefetch="intent">
            {t("shopArrivals")}
          </ButtonLink>
        </div>
      </div>
      {first && (
        <ul className="grid grid-cols-2 gap-3 lg:min-h-[580px] lg:grid-cols-[2fr_1fr] lg:grid-rows-2 lg:gap-4">
          <HeroTile product={first} large />
          {others.slice(0, 2).map((product) => (
            <HeroTile key={product.id} product={product} />
          ))}
        </ul>
      )}
    </section>
  );
}

function HeroTile({
  product,
  large = false,
}: {
  readonly product: CardProduct;
  readonly large?: boolean;
}) {
  return (
    <li
      className={classNames(
        "group relative grid rounded-xl outline-offset-4 has-[a:focus-visible]:outline-2 has-[a:focus-visible]:outline-focus",
        large && "max-lg:col-span-2 lg:row-span-2",
      )}
    >
      <Tile
        tint={product.tint}
        picture={product.picture}
        sizes={large ? "(min-width: 1024px) 31vw, 68vw" : "(min-width: 1024px) 13vw, 31vw"}
        decorative
        priority={large}
        className={classNames(
          "rounded-xl pb-8 lg:aspect-auto",
          large ? "aspect-[1/1.02] [--art:80%] lg:pb-7" : "aspect-[1/1.2] [--art:70%] max-lg:pb-16",
        )}
        artClassName="transition-transform duration-[240ms] ease-out group-hover:-translate-y-1"
      >
        <ProductFlag
          product={product}
          className={large ? "absolute top-5.5 left-5.5 z-[2]" : "absolute top-3.5 left-3.5 z-[2]"}
        />
        <p
          className={classNames(
            "absolute z-[2] flex flex-wrap justify-between gap-x-2 leading-snug font-semibold",
            large
              ? "inset-x-5 bottom-4.5 md:inset-x-6 md:bottom-5"
              : "inset-x-4 bottom-3.5 text-sm",
          )}
        >
          <Link
            to={`/p/${product.slug}`}
            prefetch="intent"
            className="outline-none after:absolute after:-inset-x-6 after:-top-[1000px] after:-bottom-5"
          >
            {product.name}
          </Link>
          <Price price={product.price} from={product.priceVaries} />
        </p>
      </Tile>
    </li>
  );
}
