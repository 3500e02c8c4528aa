import { pictureUrl } from "#app/components/ui/picture.tsx";

import type { ProductDetail } from "./buy-box.tsx";

/** The product for search engines, in the vocabulary of schema.org/Product. */
export function productJsonLd(product: ProductDetail, canonical: string, description: string) {
  const { origin } = new URL(canonical);
  return {
    "@context": "https://schema.org",
    "@type": "Product",
    name: product.name,
    description,
    brand: { "@type": "Brand", name: product.brand },
    sku: product.sku,
    image: product.pictures.map(({ url }) => new URL(pictureUrl(url, 1200) ?? url, origin).href),
    offers: product.variants.map((variant) => ({
      "@type": "Offer",
      sku: variant.sku,
      url: canonical,
      price: (variant.price.amount / 100).toFixed(2),
      priceCurrency: variant.price.currency,
      availability:
        variant.stock.state === "out"
          ? "https://schema.org/OutOfStock"
          : "https://schema.org/InStock",
    })),
    ...(product.rating === null
      ? {}
      : {
          aggregateRating: {
            "@type": "AggregateRating",
            ratingValue: product.rating.average,
            reviewCount: product.rating.count,
          },
        }),
  };
}
