import type { LoaderFunctionArgs } from "@remix-run/node";

import { valueOf } from "#app/lib/live-query.ts";
import { loadQueries, type Preload } from "#app/server/preload.server.ts";
import { api } from "#convex/_generated/api.js";

const PAGE_SIZE = 200;
/** What one sitemap may hold. */
const MAX_ADDRESSES = 50_000;

type Aisle = { readonly slug: string; readonly children: readonly (Aisle | null)[] };

export async function loader(args: LoaderFunctionArgs) {
  const { publicUrl } = args.context.settings;
  const paths = await loadQueries(args, async (preload) => [
    "/",
    ...categorySlugs(valueOf(await preload(api.shop.categories.list))).map((slug) => `/c/${slug}`),
    ...(await productSlugs(preload)).map((slug) => `/p/${slug}`),
  ]);
  const addresses = paths
    .slice(0, MAX_ADDRESSES)
    .map((path) => `  <url><loc>${escapeXml(publicUrl + encodeURI(path))}</loc></url>`);
  const xml = `<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
${addresses.join("\n")}
</urlset>
`;
  return new Response(xml, {
    headers: { "Content-Type": "application/xml", "Cache-Control": "public, max-age=3600" },
  });
}

function categorySlugs(aisles: readonly (Aisle | null)[]): string[] {
  return aisles.flatMap((aisle) =>
    aisle === null ? [] : [aisle.slug, ...categorySlugs(aisle.children)],
  );
}

async function productSlugs(preload: Preload): Promise<string[]> {
  const slugs: string[] = [];
  let cursor: string | null = null;
  while (slugs.length < MAX_ADDRESSES) {
    const { page, isDone, continueCursor } = await productPage(preload, cursor);
    slugs.push(...page.map(({ slug }) => slug));
    if (isDone) break;
    cursor = continueCursor;
  }
  return slugs;
}

async function productPage(preload: Preload, cursor: string | null) {
  return valueOf(
    await preload(api.shop.products.list, {
      category: null,
      sort: "newest",
      paginationOpts: { numItems: PAGE_SIZE, cursor },
    }),
  );
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll("'", "&apos;");
}
