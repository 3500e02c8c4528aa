import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";

import {
  type CardProduct,
  ProductCard,
  ProductCardSkeleton,
} from "#app/features/catalog/product-card.tsx";
import {
  ButtonSpecimens,
  ChoiceSpecimens,
  FieldSpecimens,
} from "#app/features/specimens/controls.tsx";
import { FeedbackSpecimens, OverlaySpecimens } from "#app/features/specimens/feedback.tsx";
import { SpecimenSection } from "#app/features/specimens/specimen.tsx";
import { DataSpecimens, NavigationSpecimens } from "#app/features/specimens/structure.tsx";
import { LiveValueSpecimens, StatusSpecimens } from "#app/features/specimens/values.tsx";
import { notFound } from "#app/server/preload.server.ts";

export const meta: MetaFunction = () => [
  { title: "Components" },
  { name: "robots", content: "noindex" },
];

/** For those who build the shop: a shop in earnest has no such page. */
export function loader({ context }: LoaderFunctionArgs) {
  if (context.settings.mode === "production" && !context.settings.isDemo) throw notFound();
  return null;
}

export default function ComponentsRoute() {
  return (
    <main id="main" className="shell pb-18">
      <h1 className="pt-10 pb-8 font-display text-display">Components</h1>
      <ButtonSpecimens />
      <FieldSpecimens />
      <ChoiceSpecimens />
      <StatusSpecimens />
      <LiveValueSpecimens />
      <ProductCardSpecimens />
      <FeedbackSpecimens />
      <OverlaySpecimens />
      <NavigationSpecimens />
      <DataSpecimens />
    </main>
  );
}

function ProductCardSpecimens() {
  return (
    <SpecimenSection title="Product card">
      <div className="grid w-full grid-cols-2 gap-x-3 gap-y-7 lg:grid-cols-4 lg:gap-x-5">
        {cardProducts.map((product) => (
          <ProductCard key={product.id} product={product} />
        ))}
        <ProductCardSkeleton />
      </div>
    </SpecimenSection>
  );
}

const cardProducts: readonly CardProduct[] = [
  {
    id: "teapot",
    slug: "ember-stoneware-teapot",
    name: "Ember Stoneware Teapot",
    price: { amount: 6400, currency: "EUR" },
    priceVaries: false,
    compareAtPrice: null,
    picture: picture("ember-stoneware-teapot"),
    tint: "rose",
    stock: { state: "in", available: 12 },
    rating: { average: 4.8, count: 212 },
    isNew: true,
  },
  {
    id: "backpack",
    slug: "commonplace-backpack",
    name: "Commonplace Backpack",
    price: { amount: 7800, currency: "EUR" },
    priceVaries: true,
    compareAtPrice: { amount: 9800, currency: "EUR" },
    picture: picture("commonplace-backpack"),
    tint: "sage",
    stock: { state: "low", available: 2 },
    rating: { average: 4.8, count: 566 },
    isNew: false,
  },
  {
    id: "camera",
    slug: "contact-sheet-film-camera",
    name: "Contact Sheet Film Camera",
    price: { amount: 34900, currency: "EUR" },
    priceVaries: false,
    compareAtPrice: null,
    picture: picture("contact-sheet-film-camera"),
    tint: "lilac",
    stock: { state: "out", available: 0 },
    rating: null,
    isNew: false,
  },
];

function picture(name: string) {
  return { url: `/demo/images/${name}.webp`, alt: "", width: 1000, height: 1000 };
}
