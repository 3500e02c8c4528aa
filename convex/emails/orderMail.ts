import type { Address } from "../domain/address.ts";
import type { Money } from "../domain/money.ts";
import type { TransferInstructions } from "../domain/transfer.ts";
import type { EmailFact, EmailMessage, EmailPart } from "./message.ts";
import { orderTexts as texts } from "./texts.ts";

export type OrderMailKind =
  "orderConfirmation" | "paymentReceived" | "shipped" | "delivered" | "cancelled" | "refunded";

/** What the mails about an order tell. Amounts in minor units, times in milliseconds. */
export type OrderMailData = {
  readonly shopName: string;
  readonly number: string;
  readonly orderUrl: string;
  readonly customerName: string;
  readonly placedAt: number;
  readonly lines: readonly OrderMailLine[];
  readonly subtotal: Money;
  readonly discount: Money;
  readonly deliveryPrice: Money;
  readonly taxIncluded: Money;
  readonly total: Money;
  readonly address: Address;
  readonly delivery: { readonly name: string; readonly minDays: number; readonly maxDays: number };
  readonly paymentMethod: "paypal" | "bankTransfer";
  /** `waiting` for money that is on its way. */
  readonly paymentStatus: "paid" | "waiting" | "none";
  readonly transfer: TransferInstructions | null;
  readonly shipment: { readonly carrier: string; readonly trackingNumber: string } | null;
  /** What goes back, for a mail about a refund or a cancelled paid order. */
  readonly refund: Money | null;
};

export type OrderMailLine = {
  readonly name: string;
  readonly optionLabel: string;
  readonly quantity: number;
  readonly lineTotal: Money;
};

const LOCALE = "en-IE";
const TIME_ZONE = "Europe/Berlin";

/** The mail of this kind about this order. */
export function orderMail(kind: OrderMailKind, data: OrderMailData): EmailMessage {
  const { subject, preview, title } = texts[kind];
  return {
    subject: subject(data.number, data.shopName),
    preview,
    title: title(firstNameOf(data.customerName)),
    parts: partsOf(kind, data),
    button: { label: texts.follow, url: data.orderUrl },
  };
}

function partsOf(kind: OrderMailKind, data: OrderMailData): EmailPart[] {
  switch (kind) {
    case "orderConfirmation":
      return [
        text(texts.orderConfirmation.body(data.number, formatDate(data.placedAt))),
        ...paymentParts(data),
        ...itemParts(data),
        { kind: "facts", facts: totalFacts(data) },
        ...deliveryParts(data),
      ];
    case "paymentReceived":
      return [
        text(texts.paymentReceived.body(formatMoney(data.total), data.number)),
        ...deliveryParts(data),
      ];
    case "shipped":
      return [
        text(texts.shipped.body(data.number)),
        ...shipmentParts(data),
        ...itemParts(data),
        ...deliveryParts(data),
      ];
    case "delivered":
      return [text(texts.delivered.body(data.number)), ...itemParts(data)];
    case "cancelled":
      return [
        text(texts.cancelled.body(data.number)),
        text(
          data.refund === null
            ? texts.cancelled.nothingCharged
            : texts.cancelled.refund(formatMoney(data.refund)),
        ),
        ...itemParts(data),
      ];
    case "refunded":
      return [
        text(texts.refunded.body(formatMoney(data.refund ?? data.total), data.number)),
        text(texts.refunded.when),
      ];
    default:
      return kind satisfies never;
  }
}

function paymentParts({ paymentStatus, transfer }: OrderMailData): EmailPart[] {
  if (transfer !== null) {
    return [
      text(texts.transfer.intro(formatDate(transfer.dueAt))),
      { kind: "facts", facts: transferFacts(transfer) },
    ];
  }
  return paymentStatus === "waiting" ? [text(texts.paymentWaiting)] : [];
}

function transferFacts(transfer: TransferInstructions): EmailFact[] {
  return [
    { label: texts.transfer.holder, value: transfer.holder },
    { label: texts.transfer.iban, value: transfer.iban },
    { label: texts.transfer.bic, value: transfer.bic },
    { label: texts.transfer.bank, value: transfer.bankName },
    { label: texts.transfer.amount, value: formatMoney(transfer.amount), isStrong: true },
    { label: texts.transfer.purpose, value: transfer.purpose, isStrong: true },
  ].filter(({ value }) => value !== "");
}

function itemParts({ lines }: OrderMailData): EmailPart[] {
  const items = lines.map(({ name, optionLabel, quantity, lineTotal }) => ({
    title: name,
    detail: [optionLabel, texts.quantity(quantity)].filter((part) => part !== "").join(", "),
    amount: formatMoney(lineTotal),
  }));
  return [
    { kind: "heading", text: texts.items },
    { kind: "lines", lines: items },
  ];
}

function totalFacts(data: OrderMailData): EmailFact[] {
  const { discount, deliveryPrice } = data;
  const delivery = deliveryPrice.amount === 0 ? texts.free : formatMoney(deliveryPrice);
  const discountFact = { label: texts.discount, value: `−${formatMoney(discount)}` };
  return [
    { label: texts.subtotal, value: formatMoney(data.subtotal) },
    ...(discount.amount === 0 ? [] : [discountFact]),
    { label: texts.delivery, value: delivery },
    { label: texts.total, value: formatMoney(data.total), isStrong: true },
    { label: texts.taxIncluded, value: formatMoney(data.taxIncluded) },
  ];
}

function deliveryParts({ address, delivery }: OrderMailData): EmailPart[] {
  const time = texts.deliveryTime(delivery.minDays, delivery.maxDays);
  return [
    { kind: "heading", text: texts.deliverTo },
    {
      kind: "facts",
      facts: [
        { label: texts.address, value: formatAddress(address) },
        { label: delivery.name, value: time },
      ],
    },
  ];
}

function shipmentParts({ shipment }: OrderMailData): EmailPart[] {
  if (shipment === null) return [];
  const facts = [
    { label: texts.carrier, value: shipment.carrier },
    { label: texts.trackingNumber, value: shipment.trackingNumber, isStrong: true },
  ];
  return [{ kind: "facts", facts }];
}

function text(words: string): EmailPart {
  return { kind: "text", text: words };
}

function firstNameOf(name: string): string {
  return name.split(" ")[0] ?? name;
}

function formatMoney({ amount, currency }: Money): string {
  const format = new Intl.NumberFormat(LOCALE, { style: "currency", currency });
  const { maximumFractionDigits = 2 } = format.resolvedOptions();
  return format.format(amount / 10 ** maximumFractionDigits);
}

function formatDate(at: number): string {
  return new Intl.DateTimeFormat(LOCALE, { dateStyle: "long", timeZone: TIME_ZONE }).format(at);
}

function formatAddress(address: Address): string {
  const { name, line1, line2, postalCode, city, region, country } = address;
  const place = [postalCode, city, region].filter((part) => part !== null).join(" ");
  const land = new Intl.DisplayNames([LOCALE], { type: "region" }).of(country) ?? country;
  return [name, line1, line2, place, land].filter((line) => line !== null).join("\n");
}
