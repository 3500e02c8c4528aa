import { expect, test } from "vitest";

import { money, zero } from "../domain/money.ts";
import type { OrderMailData, OrderMailKind } from "./orderMail.ts";
import { orderMail } from "./orderMail.ts";
import { renderEmail } from "./render.ts";

const DATA: OrderMailData = {
  shopName: "Vitrine",
  number: "VT-11197",
  orderUrl: "https://shop.example/account/orders/VT-11197",
  customerName: "Maren Brandt",
  placedAt: Date.UTC(2026, 10, 22, 23, 30),
  lines: [
    { name: "Lunch Hour Bento Box", optionLabel: "Sage", quantity: 2, lineTotal: money(6800) },
    { name: "Jar <script>", optionLabel: "", quantity: 1, lineTotal: money(1400) },
  ],
  subtotal: money(8200),
  discount: zero(),
  deliveryPrice: zero(),
  taxIncluded: money(1309),
  total: money(8200),
  address: {
    name: "Maren Brandt",
    line1: "Lindenweg 14",
    line2: null,
    postalCode: "50667",
    city: "Köln",
    region: null,
    country: "DE",
  },
  delivery: { name: "Standard delivery", minDays: 2, maxDays: 4 },
  paymentMethod: "paypal",
  paymentStatus: "paid",
  transfer: null,
  shipment: { carrier: "DHL", trackingNumber: "3707 5512" },
  refund: money(1400),
};

function render(kind: OrderMailKind, over: Partial<OrderMailData> = {}) {
  const sender = { shopName: "Vitrine", address: "Vitrine GmbH, Berlin" };
  return renderEmail(orderMail(kind, { ...DATA, ...over }), sender);
}

test("ORD-7 the confirmation lists what was ordered, what it costs and where it goes", () => {
  const { subject, text } = render("orderConfirmation");
  expect(subject).toBe("Your order VT-11197 at Vitrine");
  expect(text).toContain("Thank you, Maren");
  expect(text).toContain("23 November 2026");
  expect(text).toContain("Lunch Hour Bento Box\n  Sage, 2 pieces  €68.00");
  expect(text).toContain("Jar <script>\n  1 piece  €14.00");
  expect(text).toContain("Delivery: Free");
  expect(text).toContain("Total: €82.00");
  expect(text).toContain("VAT included: €13.09");
  expect(text).toContain("Deliver to: Maren Brandt, Lindenweg 14, 50667 Köln, Germany");
  expect(text).toContain("Follow the order:\nhttps://shop.example/account/orders/VT-11197");
});

test("ORD-7 what people wrote is text in the HTML, never markup", () => {
  const { html } = render("orderConfirmation", { customerName: '<img src=x> "A" & B' });
  expect(html).toContain("Jar &lt;script&gt;");
  expect(html).toContain("Thank you, &lt;img");
  expect(html).not.toContain("<script");
  expect(html).not.toContain("<img");
});

test("ORD-7 every kind of mail has the same words in HTML and in plain text", () => {
  const kinds: OrderMailKind[] = [
    "orderConfirmation",
    "paymentReceived",
    "shipped",
    "delivered",
    "cancelled",
    "refunded",
  ];
  for (const kind of kinds) {
    const { html, text, subject } = render(kind);
    expect(subject).toContain("VT-11197");
    const shown = html
      .slice(html.indexOf("<h1"))
      .replace(/<[^>]+>/g, "\n")
      .replaceAll("&lt;", "<")
      .replaceAll("&gt;", ">")
      .replaceAll("&amp;", "&")
      .split("\n")
      .filter((line) => line.trim() !== "");
    for (const line of shown) expect(text.toLowerCase()).toContain(line.toLowerCase());
  }
});

test("ORD-5 the confirmation of a bank transfer says where to send what, by when", () => {
  const transfer = {
    holder: "Vitrine GmbH",
    iban: "DE02 1203 0000 0000 2020 51",
    bic: "BYLADEM1001",
    bankName: "",
    purpose: "VT-11197",
    amount: money(8200),
    dueAt: Date.UTC(2026, 10, 29, 12),
  };
  const { text } = render("orderConfirmation", { transfer, paymentStatus: "none" });
  expect(text).toContain("Please transfer the amount by 29 November 2026.");
  expect(text).toContain("IBAN: DE02 1203 0000 0000 2020 51");
  expect(text).toContain("Amount: €82.00\nReference: VT-11197");
  expect(text).not.toContain("Bank:");
});

test("ORD-7 a cancelled order says whether money goes back", () => {
  expect(render("cancelled").text).toContain("We are giving back €14.00");
  expect(render("cancelled", { refund: null }).text).toContain("Nothing was charged.");
});

test("ORD-7 the mail about a parcel names carrier and number", () => {
  expect(render("shipped").text).toContain("Carrier: DHL\nTracking number: 3707 5512");
});
