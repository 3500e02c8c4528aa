import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import type { ConvexHttpClient } from "convex/browser";
import { type FunctionReference, getFunctionName } from "convex/server";
import express from "express";
import { afterEach, beforeEach, expect, test } from "vitest";

import { createSitemaps } from "#app/server/sitemap.server.ts";

import { serveSitemaps } from "./sitemaps.ts";

const HOUR_MS = 60 * 60 * 1000;
const PART_SIZE = 2;
/** Otherwise `fetch` asks for an answer that no cache may give. */
const REVALIDATE = { "cache-control": "max-age=0" };

let slugs: string[];
let asked: string[];
let clock: number;
let refuse: (query: string) => unknown;
let server: Server;

beforeEach(async () => {
  slugs = ["teapot", "lamp", "salt & pepper", "chair", "bench"];
  asked = [];
  clock = 0;
  refuse = () => null;
  const sitemaps = createSitemaps({
    client: { query: query as ConvexHttpClient["query"] },
    publicUrl: "https://shop.test",
    now: () => clock,
  });
  const app = express().disable("etag").use(serveSitemaps(sitemaps));
  server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});

afterEach(() => new Promise((resolve) => server.close(resolve)));

/** A deployment in which products are published at their number, and a cursor is that of the last. */
async function query(reference: unknown, args: unknown): Promise<unknown> {
  const name = getFunctionName(reference as FunctionReference<"query">);
  asked.push(name);
  const refusal = refuse(name);
  if (refusal !== null) throw refusal;
  return answer(name, args as Asked);
}

type Asked = { start: string | null; last?: { publishedAt: number } | null };

function answer(name: string, { start, last }: Asked): unknown {
  const from = Number(start ?? 0);
  if (name === "shop/sitemap:part") {
    const to = Math.min(from + PART_SIZE, slugs.length);
    const isLast = to === slugs.length;
    const place = { publishedAt: to, createdAt: to };
    return { end: String(to), last: isLast ? null : place, isLast, isEmpty: to === from };
  }
  if (name === "shop/sitemap:products") {
    return slugs.slice(from, last?.publishedAt).map((slug) => ({ slug }));
  }
  return [{ slug: "kitchen", children: [{ slug: "pantry", children: [] }] }];
}

function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
  const { port } = server.address() as AddressInfo;
  return fetch(`http://127.0.0.1:${String(port)}${path}`, { headers });
}

async function addresses(path: string): Promise<string[]> {
  const xml = await (await get(path)).text();
  return [...xml.matchAll(/<loc>(.*?)<\/loc>/g)].map(([, address]) => address ?? "");
}

const partsAsked = () => asked.filter((name) => name === "shop/sitemap:part").length;

test("the index names the sitemaps, and they name every page and product once", async () => {
  const index = await addresses("/sitemap.xml");
  expect(index).toEqual([
    "https://shop.test/sitemap-pages.xml",
    "https://shop.test/sitemap-products-1.xml",
    "https://shop.test/sitemap-products-2.xml",
    "https://shop.test/sitemap-products-3.xml",
  ]);
  const listed = await Promise.all(index.map((address) => addresses(new URL(address).pathname)));
  expect(listed.flat()).toEqual(
    ["", "c", "c/kitchen", "c/pantry", "p/teapot", "p/lamp", "p/salt%20&amp;%20pepper"]
      .concat(["p/chair", "p/bench"])
      .map((path) => `https://shop.test/${path}`),
  );
});

test("a sitemap beyond the last one, or of another name, is not there", async () => {
  expect((await get("/sitemap-products-4.xml")).status).toBe(404);
  expect((await get("/sitemap-products-0.xml")).status).toBe(404);
  expect((await get("/sitemap-people.xml")).status).toBe(404);
});

test("whoever has a sitemap already is told when it is still the same", async () => {
  const first = await get("/sitemap-products-1.xml");
  const etag = first.headers.get("etag") ?? "";
  expect(first.headers.get("content-type")).toBe("application/xml; charset=utf-8");
  expect(first.headers.get("cache-control")).toBe("public, max-age=3600");
  expect(
    (await get("/sitemap-products-1.xml", { ...REVALIDATE, "if-none-match": etag })).status,
  ).toBe(304);
  slugs[0] = "kettle";
  expect(
    (await get("/sitemap-products-1.xml", { ...REVALIDATE, "if-none-match": etag })).status,
  ).toBe(200);
});

test("the catalogue is walked over once an hour, however many ask", async () => {
  await Promise.all([get("/sitemap.xml"), get("/sitemap.xml"), get("/sitemap-products-2.xml")]);
  expect(partsAsked()).toBe(3);
  slugs.push("stool", "shelf");
  clock = HOUR_MS - 1;
  expect(await addresses("/sitemap.xml")).toHaveLength(4);
  clock = HOUR_MS;
  await get("/sitemap.xml");
  await expect.poll(() => addresses("/sitemap.xml")).toHaveLength(5);
  expect(partsAsked()).toBe(3 + 4);
});

test("a walk that failed is made again for the next who asks", async () => {
  refuse = () => Object.assign(new Error("away"), { name: "UnavailableError" });
  expect((await get("/sitemap.xml")).status).toBe(500);
  refuse = () => null;
  expect(await addresses("/sitemap.xml")).toHaveLength(4);
});

test("ends of parts that the deployment does not know any more are found again", async () => {
  await get("/sitemap.xml");
  let isFirst = true;
  refuse = (name) => {
    if (name !== "shop/sitemap:products" || !isFirst) return null;
    isFirst = false;
    return new Error("InvalidCursor");
  };
  expect(await addresses("/sitemap-products-3.xml")).toEqual(["https://shop.test/p/bench"]);
  expect(partsAsked()).toBe(6);
});

test("for a part that cannot be read the catalogue is walked over again once a minute", async () => {
  await get("/sitemap.xml");
  refuse = (name) => (name === "shop/sitemap:products" ? new Error("broken") : null);
  for (let count = 0; count < 3; count += 1) {
    expect((await get("/sitemap-products-1.xml")).status).toBe(500);
  }
  expect(partsAsked()).toBe(6);
  clock = 59_999;
  expect((await get("/sitemap-products-2.xml")).status).toBe(500);
  expect(partsAsked()).toBe(6);
  clock = 60_000;
  expect((await get("/sitemap-products-2.xml")).status).toBe(500);
  expect(partsAsked()).toBe(9);
  refuse = () => null;
  expect((await get("/sitemap-products-2.xml")).status).toBe(200);
});
