import { expect, test } from "vitest";

import { render } from "#tests/support/render.tsx";

import { type Checkout, firstOpenStep, mayVisit } from "./checkout-steps.ts";
import { FinishedSteps } from "./finished-steps.tsx";

const SUNDAY = Date.UTC(2026, 10, 22, 12);

const checkout: Checkout = {
  contact: { name: "Maja Lindqvist", email: "maja@lindqvist.example", phone: null },
  address: {
    name: "Maja Lindqvist",
    line1: "Griffenfeldsgade 41",
    line2: "2. th",
    postalCode: "2200",
    city: "København N",
    region: null,
    country: "DK",
  },
  deliveryMethod: "standard",
  deliveryOptions: [
    {
      id: "standard",
      name: "Standard delivery",
      price: { amount: 0, currency: "EUR" },
      freeFrom: null,
      minDays: 2,
      maxDays: 4,
    },
  ],
  paymentMethods: ["paypal"],
  countries: ["DK"],
  quote: null,
  problems: [],
  savedAddresses: [],
  openOrder: null,
};

test("the first step without an answer is where the shopper goes on", () => {
  expect(firstOpenStep({ ...checkout, contact: null })).toBe("contact");
  expect(firstOpenStep({ ...checkout, address: null })).toBe("address");
  expect(firstOpenStep({ ...checkout, deliveryMethod: null })).toBe("delivery");
  expect(firstOpenStep(checkout)).toBe("payment");
});

test("a delivery that cannot carry the cart any more opens its step again", () => {
  expect(firstOpenStep({ ...checkout, deliveryMethod: "express" })).toBe("delivery");
});

test("steps up to the open one can be visited, later ones cannot", () => {
  expect(mayVisit("contact", "delivery")).toBe(true);
  expect(mayVisit("delivery", "delivery")).toBe(true);
  expect(mayVisit("payment", "delivery")).toBe(false);
});

test("finished steps show what they hold and lead back to it", () => {
  const page = render(<FinishedSteps checkout={checkout} current="payment" now={SUNDAY} />);

  expect(page.textContent).toContain("Maja Lindqvist, maja@lindqvist.example");
  expect(page.textContent).toContain("Griffenfeldsgade 41, 2. th, 2200 København N, Denmark");
  expect(page.textContent).toContain("Standard delivery, Free");
  expect(hrefs(page)).toEqual(["/checkout/contact", "/checkout/address", "/checkout/delivery"]);
});

test("a step shows only what comes before it", () => {
  const page = render(<FinishedSteps checkout={checkout} current="address" now={SUNDAY} />);

  expect(hrefs(page)).toEqual(["/checkout/contact"]);
});

function hrefs(page: HTMLElement): (string | null)[] {
  return [...page.querySelectorAll("a")].map((link) => link.getAttribute("href"));
}
