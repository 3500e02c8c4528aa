import { data, type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { useLoaderData, useRevalidator } from "@remix-run/react";
import type { GenericId } from "convex/values";
import { useEffect, useState } from "react";
import { useTranslations } from "use-intl";

import { pictureUrl } from "#app/components/ui/picture.tsx";
import { CartDrawer } from "#app/features/cart/cart-drawer.tsx";
import { CART_ACTION, useCartActions } from "#app/features/cart/use-cart-actions.ts";
import { ProductGrid } from "#app/features/catalog/product-card.tsx";
import { productJsonLd } from "#app/features/catalog/product-json-ld.ts";
import { ProductPage } from "#app/features/catalog/product-page.tsx";
import { SectionHead } from "#app/features/catalog/section-head.tsx";
import { NotFoundNotice, SectionError } from "#app/features/errors/page-error.tsx";
import { useLive, valueOf } from "#app/lib/live-query.ts";
import { pageTitle } from "#app/lib/page-title.ts";
import messages from "#app/messages/en.json";
import { renderMarkdown } from "#app/server/markdown.server.tsx";
import { loadQueries } from "#app/server/preload.server.ts";
import { api } from "#convex/_generated/api.js";

const REVIEWS_FIRST = 4;
const SUMMARY_LENGTH = 155;

export const meta: MetaFunction<typeof loader> = ({ data: page }) => {
  if (page?.kind !== "product") return [{ title: pageTitle(messages.errorPages.notFound.title) }];
  const product = valueOf(page.product);
  if (product === null || "movedTo" in product) return [];
  const { canonical, summary } = page;
  const picture = product.pictures[0];
  const image = picture === undefined ? null : pictureUrl(picture.url, 1200);
  return [
    { title: pageTitle(product.name) },
    { name: "description", content: summary },
    { tagName: "link", rel: "canonical", href: canonical },
    { property: "og:type", content: "product" },
    { property: "og:title", content: product.name },
    { property: "og:description", content: summary },
    { property: "og:url", content: canonical },
    ...(image === null ? [] : [{ property: "og:image", content: new URL(image, canonical).href }]),
    { "script:ld+json": productJsonLd(product, canonical, summary) },
  ];
};

/** A former slug leads on to the present one; an unknown one is a 404 page with suggestions. */
export function loader(args: LoaderFunctionArgs) {
  const slug = args.params["productSlug"] ?? "";
  return loadQueries(args, async (preload) => {
    const product = await preload(api.shop.products.get, { slug });
    const value = valueOf(product);
    if (value === null) {
      const query = slug.replaceAll("-", " ");
      const suggestions = await preload(api.shop.products.suggest, { query });
      return data({ kind: "missing" as const, suggestions }, 404);
    }
    if ("movedTo" in value)
      throw redirect(`/p/${value.movedTo}${new URL(args.request.url).search}`, 301);
    const [reviews, settings] = await Promise.all([
      preload(api.shop.reviews.list, {
        slug,
        paginationOpts: { numItems: REVIEWS_FIRST, cursor: null },
      }),
      preload(api.shop.settings.get),
    ]);
    return {
      kind: "product" as const,
      product,
      reviews,
      settings,
      section: value.breadcrumb[0]?.slug ?? null,
      descriptionMarkdown: value.descriptionMarkdown,
      descriptionHtml: renderMarkdown(value.descriptionMarkdown),
      summary: summaryOf(value.descriptionMarkdown),
      canonical: `${args.context.settings.publicUrl}/p/${slug}`,
    };
  });
}

export default function ProductRoute() {
  const page = useLoaderData<typeof loader>();
  return page.kind === "missing" ? <MissingProduct page={page} /> : <LiveProduct page={page} />;
}

type Page = ReturnType<typeof useLoaderData<typeof loader>>;

function LiveProduct({ page }: { readonly page: Extract<Page, { kind: "product" }> }) {
  const product = useLive(page.product);
  const settings = useLive(page.settings);
  const actions = useCartActions();
  const [addedVariantId, setAddedVariantId] = useState<GenericId<"variants"> | null>(null);
  const { revalidate } = useRevalidator();
  const isGone = product === null || "movedTo" in product;
  const isRewritten = !isGone && product.descriptionMarkdown !== page.descriptionMarkdown;
  useEffect(() => {
    // A new address or a new description is the server's to work out.
    if (isGone || isRewritten) revalidate();
  }, [isGone, isRewritten, revalidate]);

  if (isGone) return <NotFoundNotice body={messages.errorPages.notFound.productBody} />;
  return (
    <>
      <ProductPage
        key={product.id}
        product={product}
        descriptionHtml={page.descriptionHtml}
        deliveryMethods={settings.deliveryMethods.filter(({ id }) => id !== "large-item")}
        reviews={page.reviews}
        cart={{ action: CART_ACTION, add: actions.add, onAdded: setAddedVariantId }}
      />
      <CartDrawer
        addedVariantId={addedVariantId}
        actions={actions}
        onClose={() => setAddedVariantId(null)}
      />
    </>
  );
}

function MissingProduct({ page }: { readonly page: Extract<Page, { kind: "missing" }> }) {
  const t = useTranslations("errorPages.notFound");
  const suggestions = useLive(page.suggestions);
  return (
    <NotFoundNotice body={t("productBody")}>
      {suggestions.length > 0 && (
        <section>
          <SectionHead title={t("suggestions")} />
          <ProductGrid products={suggestions.slice(0, 4)} />
        </section>
      )}
    </NotFoundNotice>
  );
}

/** The first paragraph as plain text, cut at a word. */
function summaryOf(markdown: string): string {
  const text = (markdown.split("\n\n")[0] ?? "").replaceAll(/[*_`#>[\]]/gu, "");
  if (text.length <= SUMMARY_LENGTH) return text;
  const cut = text.slice(0, SUMMARY_LENGTH);
  return `${cut.slice(0, cut.lastIndexOf(" "))} …`;
}

export function ErrorBoundary() {
  return <SectionError />;
}
