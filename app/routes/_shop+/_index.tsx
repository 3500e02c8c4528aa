import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { useTranslations } from "use-intl";

import { CategoryTiles } from "#app/features/catalog/category-tiles.tsx";
import { Counter } from "#app/features/catalog/counter.tsx";
import { HomeHero } from "#app/features/catalog/home-hero.tsx";
import { ProductGrid } from "#app/features/catalog/product-card.tsx";
import { SectionHead } from "#app/features/catalog/section-head.tsx";
import { SectionError } from "#app/features/errors/page-error.tsx";
import { useLive } from "#app/lib/live-query.ts";
import { pageTitle } from "#app/lib/page-title.ts";
import messages from "#app/messages/en.json";
import { loadQueries } from "#app/server/preload.server.ts";
import { api } from "#convex/_generated/api.js";

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: pageTitle(messages.home.title) },
  { name: "description", content: messages.home.description },
  ...(data === undefined ? [] : [{ tagName: "link", rel: "canonical", href: data.canonical }]),
];

export function loader(args: LoaderFunctionArgs) {
  return loadQueries(args, async (preload) => ({
    home: await preload(api.shop.home.get),
    canonical: `${args.context.settings.publicUrl}/`,
  }));
}

export default function HomeRoute() {
  const data = useLoaderData<typeof loader>();
  const home = useLive(data.home);
  const t = useTranslations("home");
  return (
    <>
      {home.hero ? (
        <HomeHero hero={home.hero} />
      ) : (
        <h1 className="shell pt-10 font-display text-display">{t("title")}</h1>
      )}
      <section className="shell pt-section-m md:pt-section">
        <SectionHead title={t("justIn")} more={{ to: "/c?sort=newest", label: t("allArrivals") }} />
        <ProductGrid products={home.justIn.slice(0, 4)} />
      </section>
      <Counter products={home.counter} />
      <section className="shell">
        <SectionHead title={t("aisles")} />
        <CategoryTiles
          categories={home.categories}
          everythingPicture={home.justIn[0]?.picture ?? null}
        />
      </section>
      <section className="shell py-section-m md:py-section">
        <SectionHead title={t("featured")} more={{ to: "/c", label: t("allPieces") }} />
        <ProductGrid products={home.featured} />
      </section>
    </>
  );
}

export function ErrorBoundary() {
  return <SectionError />;
}
