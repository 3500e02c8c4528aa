import { useSearchParams } from "@remix-run/react";
import { useEffect, useState } from "react";
import { useTranslations } from "use-intl";

import { Accordion, AccordionItem } from "#app/components/ui/accordion.tsx";
import { Breadcrumbs } from "#app/components/ui/breadcrumbs.tsx";
import type { Live } from "#app/lib/live-query.ts";
import type { api } from "#convex/_generated/api.js";

import { BuyBar, type CartPort, useAddition } from "./add-to-cart.tsx";
import { BuyBox, type ProductDetail, type Variant } from "./buy-box.tsx";
import { type DeliveryMethod, DeliverySentence } from "./delivery-lines.tsx";
import { Gallery } from "./gallery.tsx";
import { ProductGrid } from "./product-card.tsx";
import { chooseVariant, variantQuery } from "./product-choice.ts";
import { Reviews } from "./reviews.tsx";
import { SectionHead } from "./section-head.tsx";

type ProductPageProps = {
  readonly product: ProductDetail;
  /** The description, made safe by the server. */
  readonly descriptionHtml: string;
  readonly deliveryMethods: readonly DeliveryMethod[];
  readonly reviews: Live<typeof api.shop.reviews.list>;
  readonly cart: CartPort;
};

export function ProductPage(props: ProductPageProps) {
  const { product } = props;
  const { variant, pictureIndex, choose, choosePicture } = useChoice(product);
  const addition = useAddition(variant, props.cart);
  const t = useTranslations("product");
  if (variant === null) return null;
  return (
    <>
      <div className="shell">
        <Breadcrumbs
          className="pt-4 md:pt-6"
          crumbs={[
            { to: "/", label: t("home") },
            ...product.breadcrumb.map(({ slug, name }) => ({ to: `/c/${slug}`, label: name })),
            { label: product.name },
          ]}
        />
        <div className="grid items-start gap-6 pt-3 pb-14 md:pt-6 md:pb-20 lg:grid-cols-[minmax(0,7fr)_minmax(0,5fr)] lg:gap-10 xl:gap-16">
          <Gallery
            name={product.name}
            tint={product.tint}
            pictures={product.pictures}
            index={pictureIndex}
            onChoose={choosePicture}
          />
          <BuyBox
            product={product}
            variant={variant}
            deliveryMethods={props.deliveryMethods}
            addition={addition}
            onChoose={choose}
          />
        </div>
        <Accordion>
          <AccordionItem title={t("about")} open>
            {/* Sanitised on the server, in `renderMarkdown`. */}
            <div className="prose" dangerouslySetInnerHTML={{ __html: props.descriptionHtml }} />
          </AccordionItem>
          <AccordionItem title={t("details")} open>
            <Details product={product} variant={variant} />
          </AccordionItem>
          <AccordionItem title={t("deliveryAndReturns")}>
            <ul className="grid max-w-measure gap-2 text-ink-2">
              {props.deliveryMethods.map((method) => (
                <li key={method.id}>
                  <DeliverySentence method={method} />
                </li>
              ))}
              <li>{t.rich("returnsLine", { strong: (chunks) => <strong>{chunks}</strong> })}</li>
            </ul>
          </AccordionItem>
        </Accordion>
        {product.rating && (
          <div className="pt-section-m md:pt-18">
            <Reviews rating={product.rating} handle={props.reviews} />
          </div>
        )}
        {product.related.length > 0 && (
          <section className="py-section-m md:py-section">
            <SectionHead title={t("related")} />
            <ProductGrid products={product.related} />
          </section>
        )}
      </div>
      <BuyBar name={product.name} variant={variant} addition={addition} />
    </>
  );
}

function Details({
  product,
  variant,
}: {
  readonly product: ProductDetail;
  readonly variant: Variant;
}) {
  const t = useTranslations("product");
  return (
    <dl className="grid md:grid-cols-2 md:gap-x-16">
      {product.attributes.map(({ name, values }) => (
        <DetailRow key={name} name={name} value={values.join(", ")} />
      ))}
      <DetailRow name={t("articleNumber")} value={variant.sku} />
    </dl>
  );
}

function DetailRow({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div className="flex justify-between gap-6 border-b border-line py-3 text-ui">
      <dt className="text-ink-3 first-letter:uppercase">{name}</dt>
      <dd className="text-right font-medium">{value}</dd>
    </div>
  );
}

/** The choice starts from the address and is kept there, without loading the page again. */
function useChoice(product: ProductDetail) {
  const [params] = useSearchParams();
  const [variantId, setVariantId] = useState(() => chooseVariant(product, params)?.id ?? null);
  const variant =
    product.variants.find(({ id }) => id === variantId) ?? product.variants[0] ?? null;
  const [pictureIndex, setPictureIndex] = useState(() => pictureOf(params, variant));

  const query = params.toString();
  useEffect(() => {
    const asked = new URLSearchParams(query);
    setVariantId(chooseVariant(product, asked)?.id ?? null);
    // Only another address chooses again: live changes of the product must not.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [product.id, query]);

  return {
    variant,
    pictureIndex,
    choosePicture: setPictureIndex,
    choose: (next: Variant) => {
      setVariantId(next.id);
      setPictureIndex(next.pictureIndex);
      const { pathname } = window.location;
      window.history.replaceState(
        window.history.state,
        "",
        `${pathname}${variantQuery(next.options)}`,
      );
    },
  };
}

function pictureOf(params: URLSearchParams, variant: Variant | null): number {
  const asked = Number(params.get("picture"));
  return Number.isInteger(asked) && asked > 0 ? asked - 1 : (variant?.pictureIndex ?? 0);
}
