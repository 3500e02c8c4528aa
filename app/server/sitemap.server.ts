import type { ConvexHttpClient } from "convex/browser";
import type { FunctionArgs, FunctionReturnType } from "convex/server";

import { isUnavailable } from "#app/server/convex.server.ts";
import { api } from "#convex/_generated/api.js";

/** The index, the addresses that are not products, and a part of the products, counted from one. */
export type SitemapName =
  { readonly kind: "index" | "pages" } | { readonly kind: "products"; readonly number: number };

/** `/sitemap.xml`, `/sitemap-pages.xml`, `/sitemap-products-1.xml`; null for any other path. */
export function parseSitemapPath(path: string): SitemapName | null {
  if (path === "/sitemap.xml") return { kind: "index" };
  if (path === "/sitemap-pages.xml") return { kind: "pages" };
  const number = /^\/sitemap-products-([1-9]\d{0,5})\.xml$/.exec(path)?.[1];
  return number === undefined ? null : { kind: "products", number: Number(number) };
}

/** Sitemaps as XML (https://www.sitemaps.org/protocol.html). */
export type Sitemaps = {
  /** Null when there are not so many products. */
  readonly read: (name: SitemapName) => Promise<string | null>;
};

export type SitemapOptions = {
  readonly client: Pick<ConvexHttpClient, "query">;
  readonly publicUrl: string;
  /** Milliseconds. */
  readonly now: () => number;
};

/** Where a part of the products starts and ends. */
type Part = FunctionArgs<typeof api.shop.sitemap.products>;

const PARTS_MAX_AGE_MS = 60 * 60 * 1000;
/** Between two walks because of parts that could not be read. */
const FORGET_INTERVAL_MS = 60 * 1000;

/**
 * Each sitemap of products is read with one query of bounded size. Where their parts begin is found by
 * walking over the catalogue, whoever asks, at most once an hour; while it is walked over again, the
 * former parts serve.
 */
export function createSitemaps({ client, publicUrl, now }: SitemapOptions): Sitemaps {
  const parts = createPartList(client, now);
  return {
    read: async (name) => {
      switch (name.kind) {
        case "index":
          return sitemapIndex(publicUrl, (await parts.get()).length);
        case "pages":
          return urlSet(publicUrl, await pagePaths(client));
        case "products":
          return await readProducts(name.number);
      }
    },
  };

  async function readProducts(number: number): Promise<string | null> {
    const list = await parts.get();
    try {
      return await readPart(list, number);
    } catch (error) {
      // The cursors may be from before an update.
      if (isUnavailable(error) || !parts.forget(list)) throw error;
      return await readPart(await parts.get(), number);
    }
  }

  async function readPart(list: readonly Part[], number: number): Promise<string | null> {
    const part = list[number - 1];
    if (part === undefined) return null;
    const products = await client.query(api.shop.sitemap.products, part);
    return urlSet(
      publicUrl,
      products.map(({ slug }) => `/p/${slug}`),
    );
  }
}

type PartList = {
  readonly get: () => Promise<readonly Part[]>;
  /** Whether there are others to try: a walk that finds the same again is not made at once. */
  readonly forget: (parts: readonly Part[]) => boolean;
};

function createPartList(client: SitemapOptions["client"], now: () => number): PartList {
  let known: { readonly parts: readonly Part[]; readonly foundAt: number } | null = null;
  let walk: Promise<readonly Part[]> | null = null;
  let forgottenAt = -Infinity;

  async function findAgain(): Promise<readonly Part[]> {
    try {
      const parts = await findParts(client);
      known = { parts, foundAt: now() };
      return parts;
    } finally {
      walk = null;
    }
  }

  return {
    get: () => {
      if (known !== null && now() - known.foundAt < PARTS_MAX_AGE_MS) {
        return Promise.resolve(known.parts);
      }
      walk ??= findAgain();
      if (known === null) return walk;
      // Whoever asks next walks again.
      walk.catch(() => undefined);
      return Promise.resolve(known.parts);
    },
    forget: (parts) => {
      if (known?.parts !== parts) return true;
      if (now() - forgottenAt < FORGET_INTERVAL_MS) return false;
      forgottenAt = now();
      known = null;
      return true;
    },
  };
}

async function findParts(client: SitemapOptions["client"]): Promise<readonly Part[]> {
  const parts: Part[] = [];
  let start: string | null = null;
  for (;;) {
    const found: FunctionReturnType<typeof api.shop.sitemap.part> = await client.query(
      api.shop.sitemap.part,
      { start },
    );
    if (!found.isEmpty) parts.push({ start, last: found.last });
    if (found.isLast) return parts;
    start = found.end;
  }
}

type Aisle = { readonly slug: string; readonly children: readonly (Aisle | null)[] };

async function pagePaths(client: SitemapOptions["client"]): Promise<string[]> {
  const roots = await client.query(api.shop.categories.list, {});
  return ["/", "/c", ...categorySlugs(roots).map((slug) => `/c/${slug}`)];
}

function categorySlugs(aisles: readonly (Aisle | null)[]): string[] {
  return aisles.flatMap((aisle) =>
    aisle === null ? [] : [aisle.slug, ...categorySlugs(aisle.children)],
  );
}

function sitemapIndex(publicUrl: string, partCount: number): string {
  const names = [
    "sitemap-pages.xml",
    ...Array.from({ length: partCount }, (_, index) => `sitemap-products-${index + 1}.xml`),
  ];
  const entries = names.map(
    (name) => `  <sitemap><loc>${escapeXml(`${publicUrl}/${name}`)}</loc></sitemap>`,
  );
  return xml("sitemapindex", entries);
}

function urlSet(publicUrl: string, paths: readonly string[]): string {
  const entries = paths.map(
    (path) => `  <url><loc>${escapeXml(publicUrl + encodeURI(path))}</loc></url>`,
  );
  return xml("urlset", entries);
}

function xml(root: "sitemapindex" | "urlset", entries: readonly string[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<${root} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
${entries.join("\n")}
</${root}>
`;
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll("'", "&apos;");
}
