/** The words by which a product is found, weighed by how often they are repeated. */
export type SearchableProduct = {
  name: string;
  brand: string;
  categoryName: string;
  tags: readonly string[];
  highlights: readonly string[];
  attributes: readonly { values: readonly string[] }[];
  skus: readonly string[];
};

const MAX_QUERY_LENGTH = 100;
const MAX_QUERY_WORDS = 8;

/** Letters without their marks, in lower case, so that "cafe" finds "Café" and the other way. */
export function foldText(text: string): string {
  return text
    .normalize("NFKD")
    .replace(/\p{M}+/gu, "")
    .toLowerCase()
    .replaceAll("ß", "ss")
    .replaceAll("ø", "o")
    .replaceAll("æ", "ae")
    .replaceAll("ł", "l");
}

export function productSearchText(product: SearchableProduct): string {
  const parts = [
    product.name,
    product.name,
    product.brand,
    product.categoryName,
    ...product.tags,
    ...product.tags,
    ...product.highlights,
    ...product.attributes.flatMap(({ values }) => values),
    ...product.skus,
  ];
  return foldText(parts.join(" "));
}

/** What somebody typed, as the search index wants it; empty when there is no word in it. */
export function searchQuery(typed: string): string {
  const words = foldText(typed.slice(0, MAX_QUERY_LENGTH)).match(/[\p{L}\p{N}]+/gu) ?? [];
  return words.slice(0, MAX_QUERY_WORDS).join(" ");
}
