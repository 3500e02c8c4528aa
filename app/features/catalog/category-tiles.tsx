import { Link } from "@remix-run/react";
import { useFormatter, useTranslations } from "use-intl";

import type { PictureSource } from "#app/components/ui/picture.tsx";
import { Tile, type Tint } from "#app/components/ui/tile.tsx";
import { VisuallyHidden } from "#app/components/ui/visually-hidden.tsx";

type Aisle = {
  readonly slug: string;
  readonly name: string;
  readonly tint: Tint;
  readonly picture: PictureSource | null;
  readonly productCount: number;
};

/** The main categories, and everything together as the last tile. */
export function CategoryTiles({
  categories,
  everythingPicture,
}: {
  readonly categories: readonly Aisle[];
  readonly everythingPicture: PictureSource | null;
}) {
  const t = useTranslations("catalog");
  const total = categories.reduce((sum, category) => sum + category.productCount, 0);
  return (
    <ul className="grid grid-cols-2 gap-x-3 gap-y-5 md:grid-cols-3 md:gap-4 lg:grid-cols-6">
      {categories.map((category) => (
        <AisleTile key={category.slug} to={`/c/${category.slug}`} aisle={category} />
      ))}
      <AisleTile
        to="/c"
        aisle={{
          slug: "",
          name: t("everything"),
          tint: "stone",
          picture: everythingPicture,
          productCount: total,
        }}
      />
    </ul>
  );
}

function AisleTile({ to, aisle }: { readonly to: string; readonly aisle: Aisle }) {
  const t = useTranslations("catalog");
  const format = useFormatter();
  return (
    <li>
      <Link to={to} prefetch="intent" className="group block rounded-lg outline-offset-4">
        <Tile
          tint={aisle.tint}
          picture={aisle.picture}
          sizes="(min-width: 1024px) 11vw, (min-width: 768px) 20vw, 31vw"
          decorative
          className="aspect-square rounded-lg [--art:70%] md:aspect-[1/1.15]"
          artClassName="transition-transform duration-[240ms] ease-out group-hover:-translate-y-1"
        />
        <span className="flex justify-between gap-2 pt-3 text-ui font-semibold">
          {aisle.name}
          <span aria-hidden="true" className="font-normal text-ink-3 tabular-nums">
            {format.number(aisle.productCount)}
          </span>
          <VisuallyHidden>{t("pieces", { count: aisle.productCount })}</VisuallyHidden>
        </span>
      </Link>
    </li>
  );
}
