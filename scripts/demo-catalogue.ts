import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { FunctionArgs } from "convex/server";
import * as z from "zod";

import type { internal } from "#convex/_generated/api.js";
import { tintAt } from "#convex/domain/catalog.ts";
import { money } from "#convex/domain/money.ts";

type Demo = typeof internal.jobs.demo;

export type DemoCategory = FunctionArgs<Demo["importCategories"]>["categories"][number];
export type DemoProduct = FunctionArgs<Demo["importProducts"]>["products"][number];
export type DemoReview = FunctionArgs<Demo["importReviews"]>["reviews"][number];
export type DemoPerson = FunctionArgs<Demo["importPeople"]>["people"][number];
export type DemoOrder = FunctionArgs<
  typeof internal.jobs.demoOrders.importOrders
>["orders"][number];
export type DemoSettings = FunctionArgs<Demo["importSettings"]>;

export type DemoCatalogue = {
  readonly categories: readonly DemoCategory[];
  readonly products: readonly DemoProduct[];
  readonly reviews: readonly DemoReview[];
  readonly people: readonly DemoPerson[];
  readonly orders: readonly DemoOrder[];
  readonly settings: DemoSettings;
  /** Product pictures, as paths below `public/demo/`. */
  readonly pictureFiles: readonly string[];
};

const HOUR_MS = 60 * 60 * 1000;
const SCENE_SIZE = { width: 1600, height: 900 };

const zColour = z.string().regex(/^#[0-9A-Fa-f]{6}$/);
const zPrice = z.int().positive();
const zCount = z.int().nonnegative();
const zText = z.string().min(1);

const zCategories = z.array(
  z.object({
    slug: zText,
    name: zText,
    description: zText,
    parent: z.string().nullable(),
    order: zCount,
    banner: zText,
    bannerDark: zText,
  }),
);

const zVariant = z.object({
  sku: zText,
  options: z.record(z.string(), z.string()),
  price: zPrice,
  compareAtPrice: zPrice.nullable(),
  stock: zCount,
  image: z.string().nullable(),
});

const zProducts = z.array(
  z.object({
    slug: zText,
    sku: zText,
    name: zText,
    category: zText,
    brand: zText,
    description: zText,
    highlights: z.array(zText),
    price: zPrice,
    compareAtPrice: zPrice.nullable(),
    currency: z.literal("EUR"),
    stock: zCount,
    weightGrams: zCount,
    options: z
      .array(
        z.object({
          name: zText,
          values: z.array(z.object({ value: zText, swatch: zColour.nullish() })),
        }),
      )
      .nullable(),
    variants: z.array(zVariant).nullable(),
    attributes: z.record(z.string(), z.union([z.string(), z.array(z.string())])),
    tags: z.array(zText),
    images: z.array(z.object({ file: zText, alt: zText })).min(1),
    createdDaysAgo: zCount,
    featured: z.boolean(),
  }),
);

const zReviews = z.array(
  z.object({
    id: zText,
    productSlug: zText,
    rating: z.int().min(1).max(5),
    title: z.string(),
    body: z.string(),
    author: zText,
    daysAgo: zCount,
    verified: z.boolean(),
    helpful: zCount,
  }),
);

const zPeople = z.object({
  customers: z.array(
    z.object({
      first: zText,
      last: zText,
      email: z.email(),
      phone: z.string().nullable(),
      registeredDaysAgo: zCount,
      address: z.object({
        street: zText,
        postalCode: zText,
        city: zText,
        region: z.string().nullable(),
        country: z.string().length(2),
      }),
    }),
  ),
  staff: z.array(
    z.object({
      role: z.enum(["agent", "manager"]),
      first: zText,
      last: zText,
      email: z.email(),
    }),
  ),
});

/** So long before the moment of loading. */
const zTime = z.object({ daysAgo: zCount, hours: z.number().min(0).max(24) });

const zOrders = z.array(
  z.object({
    number: zText,
    email: z.email(),
    status: z.enum([
      "pending_payment",
      "paid",
      "processing",
      "shipped",
      "delivered",
      "cancelled",
      "refunded_partial",
      "refunded_full",
    ]),
    paymentMethod: z.enum(["card", "bank_transfer", "invoice"]),
    shippingMethod: z.enum(["standard", "express", "large-item"]),
    items: z.array(
      z.object({
        sku: zText,
        productSlug: zText,
        name: zText,
        options: z.record(z.string(), z.string()).nullable(),
        quantity: z.int().positive(),
        unitPrice: zPrice,
        lineTotal: zPrice,
      }),
    ),
    subtotal: zCount,
    discount: zCount,
    shipping: zCount,
    taxIncluded: zCount,
    total: zCount,
    timeline: z.array(
      zTime.extend({
        event: z.enum([
          "placed",
          "paid",
          "processing",
          "shipped",
          "delivered",
          "cancelled",
          "return_received",
          "refunded_partial",
          "refunded_full",
        ]),
      }),
    ),
    refunds: z.array(z.object({ amount: zPrice, reason: zText, at: zTime })),
    trackingNumber: z.string().nullable(),
    customerNote: z.string().nullable(),
  }),
);

const zArticles = z.object({
  shop: z.object({ name: zText, tagline: zText }),
  hero: z.array(
    z.object({
      id: zText,
      kicker: zText,
      title: zText,
      body: zText,
      cta: z.object({ label: zText, category: zText }),
      image: zText,
      imageDark: zText,
      products: z.array(zText),
    }),
  ),
  editorial: z.array(
    z.object({
      id: zText,
      kicker: zText,
      title: zText,
      body: zText,
      cta: z.union([
        z.object({ label: zText, product: zText }),
        z.object({ label: zText, page: zText }),
        z.object({ label: zText, sort: zText }),
      ]),
    }),
  ),
  valueProps: z.array(z.object({ icon: zText, title: zText, body: zText })),
  announcement: zText,
  contact: z.object({
    company: zText,
    street: zText,
    postalCode: zText,
    city: zText,
    country: zText,
    email: z.email(),
    phone: zText,
  }),
});

/**
 * Reads and checks the files of `folder` (scripts/demo) and turns them into what the shop imports.
 * Times in the files are ages; `now` (milliseconds) makes them moments.
 */
export function readDemoCatalogue(folder: string, now: number): DemoCatalogue {
  const products = zProducts.parse(readJson(folder, "products.json"));
  const categories = parentsFirst(zCategories.parse(readJson(folder, "categories.json")));
  const reviews = zReviews.parse(readJson(folder, "reviews.json"));
  const files = products.flatMap((product) => picturesOf(product).map(({ file }) => file));
  return {
    categories: categories.map((category) => toCategory(category, products, categories)),
    products: toProducts(products, categories),
    reviews: reviews.map(({ author, verified, helpful, ...review }) => ({
      ...review,
      authorName: author,
      isVerified: verified,
      helpfulCount: helpful,
    })),
    people: toPeople(zPeople.parse(readJson(folder, "people.json"))),
    orders: toOrders(zOrders.parse(readJson(folder, "orders.json")), now),
    settings: toSettings(zArticles.parse(readJson(folder, "articles.json"))),
    pictureFiles: [...new Set(files)],
  };
}

type JsonCategory = z.output<typeof zCategories>[number];
type JsonProduct = z.output<typeof zProducts>[number];

function readJson(folder: string, file: string): unknown {
  return JSON.parse(readFileSync(join(folder, file), "utf8"));
}

function parentsFirst(categories: readonly JsonCategory[]): JsonCategory[] {
  return [...categories].sort(
    (a, b) => Number(a.parent !== null) - Number(b.parent !== null) || a.order - b.order,
  );
}

/** A category shows the first featured product in it or below it. */
function toCategory(
  category: JsonCategory,
  products: readonly JsonProduct[],
  categories: readonly JsonCategory[],
): DemoCategory {
  const below = categories.filter(({ parent }) => parent === category.slug);
  const slugs = [category.slug, ...below.map(({ slug }) => slug)];
  const within = products.filter((product) => slugs.includes(product.category));
  const shown = within.find(({ featured }) => featured) ?? within[0];
  const { slug, name, description, parent, order } = category;
  return {
    ...{ slug, name, description, parentSlug: parent, position: order },
    tint: tintAt(order - 1),
    pictureFile: shown?.images[0]?.file ?? null,
    pictureAlt: shown?.images[0]?.alt ?? "",
    banner: scene(category.banner, category.bannerDark),
  };
}

/** Neighbours in a list get different tints: they go round from the category's own. */
function toProducts(
  products: readonly JsonProduct[],
  categories: readonly JsonCategory[],
): DemoProduct[] {
  const placed = new Map<string, number>();
  let featuredRank = 0;
  return products.map((product) => {
    const order = categories.find(({ slug }) => slug === product.category)?.order ?? 1;
    const place = placed.get(product.category) ?? 0;
    placed.set(product.category, place + 1);
    return {
      ...toProduct(product),
      tint: tintAt(order - 1 + place * 3),
      featuredRank: product.featured ? (featuredRank += 1) : null,
    };
  });
}

function toProduct(product: JsonProduct): Omit<DemoProduct, "tint" | "featuredRank"> {
  const { slug, sku, name, brand, description, highlights, tags } = product;
  return {
    ...{ slug, sku, name, brand, description, highlights, tags },
    categorySlug: product.category,
    options: (product.options ?? []).map((option) => ({
      name: option.name,
      values: option.values.map(({ value, swatch }) => ({ value, swatch: swatch ?? null })),
    })),
    attributes: Object.entries(product.attributes).map(([attribute, value]) => ({
      name: attribute,
      values: Array.isArray(value) ? value : [value],
    })),
    pictures: picturesOf(product),
    variants: toVariants(product),
    ageDays: product.createdDaysAgo,
  };
}

function toVariants(product: JsonProduct): DemoProduct["variants"] {
  const { sku, price, compareAtPrice, stock, weightGrams } = product;
  const only = { sku, options: {}, price, compareAtPrice, stock, image: null };
  const variants = product.variants ?? [];
  const files = picturesOf(product).map(({ file }) => file);
  return (variants.length === 0 ? [only] : variants).map((variant) => ({
    sku: variant.sku,
    options: variant.options,
    price: money(variant.price),
    compareAtPrice: variant.compareAtPrice === null ? null : money(variant.compareAtPrice),
    stock: variant.stock,
    weightGrams,
    pictureIndex: variant.image === null ? 0 : Math.max(0, files.indexOf(variant.image)),
  }));
}

/** The product's own pictures, then those that only a variant has. */
function picturesOf(product: JsonProduct): { file: string; alt: string }[] {
  const pictures = [...product.images];
  for (const variant of product.variants ?? []) {
    const { image, options } = variant;
    if (image === null || pictures.some(({ file }) => file === image)) continue;
    pictures.push({ file: image, alt: `${product.name}, ${Object.values(options).join(", ")}` });
  }
  return pictures;
}

function toPeople({ customers, staff }: z.output<typeof zPeople>): DemoPerson[] {
  return [
    ...customers.map((person): DemoPerson => {
      const { street, ...address } = person.address;
      return {
        ...namesOf(person),
        role: "client",
        phone: person.phone,
        registeredDaysAgo: person.registeredDaysAgo,
        address: { line1: street, ...address },
      };
    }),
    ...staff.map((person): DemoPerson => ({
      ...namesOf(person),
      role: person.role,
      phone: null,
      registeredDaysAgo: 900,
      address: null,
    })),
  ];
}

function namesOf(person: { first: string; last: string; email: string }) {
  return { email: person.email.toLowerCase(), firstName: person.first, lastName: person.last };
}

/** The oldest first, so that they come into being in the order in which they were placed. */
function toOrders(orders: z.output<typeof zOrders>, now: number): DemoOrder[] {
  const moment = ({ daysAgo, hours }: z.output<typeof zTime>) =>
    Math.round(now - (daysAgo * 24 + hours) * HOUR_MS);
  const placedAt = ({ timeline }: DemoOrder) => timeline[0]?.at ?? now;
  return orders
    .map(({ timeline, refunds, ...order }) => ({
      ...order,
      timeline: timeline.map(({ event, ...time }) => ({ event, at: moment(time) })),
      refunds: refunds.map(({ amount, reason, at }) => ({ amount, reason, at: moment(at) })),
    }))
    .sort((a, b) => placedAt(a) - placedAt(b));
}

function toSettings(articles: z.output<typeof zArticles>): DemoSettings {
  const { company, street, postalCode, city, country, email, phone } = articles.contact;
  return {
    settings: {
      shopName: articles.shop.name,
      tagline: articles.shop.tagline,
      announcement: articles.announcement,
      contact: { company, street, postalCode, city, country, email, phone },
    },
    bankAccount: {
      holder: company,
      // The example account of the IBAN registry: valid in form, nobody's in fact.
      iban: "DE89 3704 0044 0532 0130 00",
      bic: "COBADEFFXXX",
      bankName: "Demo Bank",
    },
    hero: articles.hero.map(({ image, imageDark, products, cta, ...slide }) => ({
      ...slide,
      cta: { label: cta.label, categorySlug: cta.category },
      scene: scene(image, imageDark),
      productSlugs: products,
    })),
    editorial: articles.editorial.map(({ id, kicker, title, body, cta }) => ({
      ...{ id, kicker, title, body },
      cta: { label: cta.label, target: targetOf(cta) },
    })),
    valuePropositions: articles.valueProps,
  };
}

type JsonCta = z.output<typeof zArticles>["editorial"][number]["cta"];

function targetOf(cta: JsonCta): DemoSettings["editorial"][number]["cta"]["target"] {
  if ("product" in cta) return { kind: "product", slug: cta.product };
  if ("page" in cta) return { kind: "page", slug: cta.page };
  return { kind: "sort", sort: cta.sort };
}

function scene(light: string, dark: string): DemoCategory["banner"] {
  return { lightUrl: `/demo/${light}`, darkUrl: `/demo/${dark}`, ...SCENE_SIZE };
}
