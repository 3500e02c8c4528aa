import { ConvexHttpClient } from "convex/browser";

import { PAGE_SIZE } from "#app/features/catalog/list-view.ts";
import { api } from "#convex/_generated/api.js";
import { PRODUCT_SORTS, type ProductSort } from "#convex/domain/catalog.ts";

const PLACES_IN_A_LIST = 40;
const MAX_STEP = 120;
const LISTS_AT_ONCE = 4;

/** Addresses of full pages from places all over the first part of every list in every order. */
export async function walkLists(deploymentUrl: string): Promise<string[]> {
  const client = new ConvexHttpClient(deploymentUrl, { logger: false });
  const categories = (await client.query(api.shop.categories.list, {})).flatMap((root) => [
    root.slug,
    ...root.children.map(({ slug }) => slug),
  ]);
  const lists = [null, ...categories].flatMap((category) =>
    PRODUCT_SORTS.map((sort) => ({ category, sort })),
  );
  const addresses: string[] = [];
  await Promise.all(
    Array.from({ length: LISTS_AT_ONCE }, async () => {
      for (let list = lists.shift(); list !== undefined; list = lists.shift()) {
        addresses.push(...(await walkList(client, list)));
      }
    }),
  );
  return addresses.sort((left, right) => orderOf(left) - orderOf(right));
}

async function walkList(
  client: ConvexHttpClient,
  { category, sort }: { readonly category: string | null; readonly sort: ProductSort },
): Promise<string[]> {
  const total = await client.query(api.shop.products.count, { category });
  const step = Math.min(MAX_STEP, Math.floor((total - PAGE_SIZE) / PLACES_IN_A_LIST));
  if (step < 1) return [];
  const addresses: string[] = [];
  let cursor: string | null = null;
  for (let place = 0; place < PLACES_IN_A_LIST; place += 1) {
    const paginationOpts: { numItems: number; cursor: string | null } = { numItems: step, cursor };
    const page = await client.query(api.shop.products.list, { category, sort, paginationOpts });
    cursor = page.continueCursor;
    const query = new URLSearchParams({ sort, after: cursor });
    addresses.push(`/c${category === null ? "" : `/${category}`}?${query.toString()}`);
  }
  return addresses;
}

/** Neighbours in a list should not be asked for one after the other. */
function orderOf(address: string): number {
  let sum = 7;
  for (let at = 0; at < address.length; at += 1) {
    sum = (Math.imul(sum, 31) + address.charCodeAt(at)) | 0;
  }
  return Math.imul(sum, 0x85ebca6b) >>> 0;
}
