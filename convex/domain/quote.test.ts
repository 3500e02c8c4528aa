import { expect, test } from "vitest";

import type { DeliveryMethod } from "./delivery.ts";
import { money, zero } from "./money.ts";
import type { QuoteInput, QuoteRules } from "./quote.ts";
import { computeQuote } from "./quote.ts";

const DELIVERY = { minDays: 1, maxDays: 4, minWeightGrams: 0, maxWeightGrams: 12_000 };
const METHODS: DeliveryMethod[] = [
  { id: "standard", name: "Standard", price: money(490), freeFrom: money(8000), ...DELIVERY },
  { id: "express", name: "Express", price: money(490), freeFrom: null, ...DELIVERY },
];
const RULES: QuoteRules = {
  currency: "EUR",
  deliveryMethods: METHODS,
  taxRateBasisPoints: 1900,
};
const CART: QuoteInput = {
  items: [
    { variantId: "bouquet", quantity: 1, unitPrice: money(3600), weightGrams: 400 },
    { variantId: "jar", quantity: 1, unitPrice: money(1400), weightGrams: 900 },
  ],
  deliveryMethod: "standard",
  discount: zero(),
};

test("ORD-2 a quote adds lines, delivery and contained tax in minor units", () => {
  expect(computeQuote(RULES, CART)).toMatchObject({
    lineTotals: [money(3600), money(1400)],
    subtotal: money(5000),
    discount: money(0),
    delivery: money(490),
    taxIncluded: money(877),
    total: money(5490),
  });
});

test("ORD-2 a discount lowers the value that free delivery is measured by, and never goes below zero", () => {
  const items = [{ variantId: "lamp", quantity: 2, unitPrice: money(4500), weightGrams: 100 }];
  expect(computeQuote(RULES, { ...CART, items, discount: money(1001) })).toMatchObject({
    delivery: money(490),
    total: money(8489),
  });
  expect(computeQuote(RULES, { ...CART, items, discount: money(99_999) })).toMatchObject({
    discount: money(9000),
    total: money(490),
  });
});

test("ORD-2 the version is the same for the same cart, whatever the order of its lines", () => {
  const reversed = { ...CART, items: [...CART.items].reverse() };
  expect(computeQuote(RULES, reversed)?.version).toBe(computeQuote(RULES, CART)?.version);
});

test("ORD-2 the version changes with price, quantity, item, delivery, discount and tax", () => {
  const [first, second] = CART.items as [QuoteInput["items"][0], QuoteInput["items"][0]];
  const changed: (readonly [QuoteRules, QuoteInput])[] = [
    [RULES, CART],
    [RULES, { ...CART, items: [{ ...first, unitPrice: money(3601) }, second] }],
    [RULES, { ...CART, items: [{ ...first, quantity: 2 }, second] }],
    [RULES, { ...CART, items: [{ ...first, variantId: "other" }, second] }],
    [RULES, { ...CART, items: [first] }],
    [RULES, { ...CART, deliveryMethod: "express" }],
    [RULES, { ...CART, discount: money(1) }],
    [{ ...RULES, taxRateBasisPoints: 2000 }, CART],
  ];
  const versions = changed.map(([rules, input]) => computeQuote(rules, input)?.version);
  expect(new Set(versions).size).toBe(changed.length);
});

test("ORD-2 a delivery method that cannot carry the cart gives no quote", () => {
  expect(computeQuote(RULES, { ...CART, deliveryMethod: "large-item" })).toBeNull();
});
