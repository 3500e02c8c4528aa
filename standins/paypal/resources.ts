import { formatAmount, minorUnits, saleFee } from "./amounts.ts";
import type { Capture, Ledger, Order, PurchaseUnit, Refund } from "./ledger.ts";

interface Link {
  readonly href: string;
  readonly rel: string;
  readonly method: "GET" | "POST" | "PATCH";
}

export interface Merchant {
  readonly merchantId: string;
  readonly email: string;
  readonly name: string;
}

/** The account that pays on the approval page. */
export const BUYER = {
  payerId: "QYR5Z8XDVJNXQ",
  givenName: "Robin",
  surname: "Buyer",
  email: "robin.buyer@example.com",
  countryCode: "DE",
  address: {
    address_line_1: "Musterstraße 1",
    admin_area_2: "Berlin",
    postal_code: "10115",
    country_code: "DE",
  },
} as const;

/** Writes the stand-in's records as PayPal's resources. */
export class Resources {
  readonly #ledger: Ledger;
  readonly #merchant: Merchant;
  readonly #origin: () => string;

  constructor(ledger: Ledger, merchant: Merchant, origin: () => string) {
    this.#ledger = ledger;
    this.#merchant = merchant;
    this.#origin = origin;
  }

  /** `id`, `status` and links: the answer to `Prefer: return=minimal`, PayPal's default. */
  minimalOrder(order: Order): Record<string, unknown> {
    return {
      id: order.id,
      status: order.status,
      ...(order.hasPayPalSource && { payment_source: { paypal: {} } }),
      links: this.#orderLinks(order),
    };
  }

  order(order: Order): Record<string, unknown> {
    const isApproved = order.plan !== null;
    return {
      id: order.id,
      intent: order.intent,
      status: order.status,
      ...((isApproved || order.hasPayPalSource) && {
        payment_source: { paypal: isApproved ? walletOfBuyer() : {} },
      }),
      purchase_units: order.units.map((unit, index) => this.#unit(order, unit, index)),
      ...(isApproved && { payer: payer() }),
      create_time: time(order.createdAt),
      ...(order.updatedAt !== order.createdAt && { update_time: time(order.updatedAt) }),
      links: this.#orderLinks(order),
    };
  }

  /** @param isOwnResource adds what only `/v2/payments/captures` answers. */
  capture(capture: Capture, isOwnResource: boolean): Record<string, unknown> {
    const isSettled = capture.status !== "PENDING" && capture.status !== "DECLINED";
    return {
      id: capture.id,
      status: capture.status,
      ...(capture.reason !== null && { status_details: { reason: capture.reason } }),
      amount: capture.amount,
      final_capture: true,
      seller_protection: {
        status: "ELIGIBLE",
        dispute_categories: ["ITEM_NOT_RECEIVED", "UNAUTHORIZED_TRANSACTION"],
      },
      ...(isSettled && { seller_receivable_breakdown: receivable(capture) }),
      ...(capture.invoiceId !== null && { invoice_id: capture.invoiceId }),
      ...(capture.customId !== null && { custom_id: capture.customId }),
      ...(isOwnResource && {
        supplementary_data: { related_ids: { order_id: capture.orderId } },
        payee: { email_address: this.#merchant.email, merchant_id: this.#merchant.merchantId },
      }),
      create_time: time(capture.createdAt),
      update_time: time(capture.updatedAt),
      links: [
        this.#link(`/v2/payments/captures/${capture.id}`, "self", "GET"),
        this.#link(`/v2/payments/captures/${capture.id}/refund`, "refund", "POST"),
        this.#link(`/v2/checkout/orders/${capture.orderId}`, "up", "GET"),
      ],
    };
  }

  minimalRefund(refund: Refund): Record<string, unknown> {
    return { id: refund.id, status: refund.status, links: this.#refundLinks(refund) };
  }

  refund(refund: Refund): Record<string, unknown> {
    const capture = this.#ledger.captures.find(refund.captureId);
    const { currency_code: currency } = refund.amount;
    const none = formatAmount(currency, 0n);
    const total = (capture?.refundIds ?? [])
      .map((id) => this.#ledger.refunds.find(id))
      .reduce((sum, each) => (each === null ? sum : sum + minorUnits(each.amount)), 0n);
    return {
      id: refund.id,
      status: refund.status,
      ...(refund.reason !== null && { status_details: { reason: refund.reason } }),
      amount: refund.amount,
      ...(refund.note !== null && { note_to_payer: refund.note }),
      seller_payable_breakdown: {
        gross_amount: refund.amount,
        paypal_fee: none,
        net_amount: refund.amount,
        total_refunded_amount: formatAmount(currency, total),
      },
      ...(refund.invoiceId !== null && { invoice_id: refund.invoiceId }),
      ...(refund.customId !== null && { custom_id: refund.customId }),
      create_time: time(refund.createdAt),
      update_time: time(refund.updatedAt),
      links: this.#refundLinks(refund),
    };
  }

  approvalUrl(orderId: string): string {
    return `${this.#origin()}/checkoutnow?token=${orderId}`;
  }

  #unit(order: Order, unit: PurchaseUnit, index: number): Record<string, unknown> {
    const capture = this.#ledger.captures.find(order.captureIds[index] ?? "");
    const refunds = (capture?.refundIds ?? [])
      .map((id) => this.#ledger.refunds.find(id))
      .filter((refund) => refund !== null);
    const { shipping_preference: preference = "GET_FROM_FILE" } = order.experience ?? {};
    const usesBuyersAddress =
      order.plan !== null && preference === "GET_FROM_FILE" && unit.shipping === undefined;
    return {
      ...unit,
      payee: { email_address: this.#merchant.email, merchant_id: this.#merchant.merchantId },
      ...(usesBuyersAddress && {
        shipping: {
          name: { full_name: `${BUYER.givenName} ${BUYER.surname}` },
          address: BUYER.address,
        },
      }),
      ...(capture !== null && {
        payments: {
          captures: [this.capture(capture, false)],
          ...(refunds.length > 0 && { refunds: refunds.map((refund) => this.refund(refund)) }),
        },
      }),
    };
  }

  #orderLinks(order: Order): Link[] {
    const path = `/v2/checkout/orders/${order.id}`;
    const links = [this.#link(path, "self", "GET")];
    if (order.status === "COMPLETED" || order.status === "VOIDED") return links;
    if (order.hasPayPalSource) {
      links.push({ href: this.approvalUrl(order.id), rel: "payer-action", method: "GET" });
      if (order.status !== "APPROVED") return links;
    } else {
      links.push({ href: this.approvalUrl(order.id), rel: "approve", method: "GET" });
    }
    links.push(this.#link(path, "update", "PATCH"));
    links.push(this.#link(`${path}/capture`, "capture", "POST"));
    return links;
  }

  #refundLinks(refund: Refund): Link[] {
    return [
      this.#link(`/v2/payments/refunds/${refund.id}`, "self", "GET"),
      this.#link(`/v2/payments/captures/${refund.captureId}`, "up", "GET"),
    ];
  }

  #link(path: string, rel: string, method: Link["method"]): Link {
    return { href: `${this.#origin()}${path}`, rel, method };
  }
}

/** PayPal's times have no fraction of a second. */
export function time(at: number): string {
  return new Date(at).toISOString().replace(/\.\d{3}Z$/, "Z");
}

function receivable(capture: Capture): Record<string, unknown> {
  const gross = minorUnits(capture.amount);
  const fee = saleFee(gross);
  const { currency_code: currency } = capture.amount;
  return {
    gross_amount: capture.amount,
    paypal_fee: formatAmount(currency, fee),
    net_amount: formatAmount(currency, gross - fee),
  };
}

function payer(): Record<string, unknown> {
  return {
    name: { given_name: BUYER.givenName, surname: BUYER.surname },
    email_address: BUYER.email,
    payer_id: BUYER.payerId,
    address: { country_code: BUYER.countryCode },
  };
}

function walletOfBuyer(): Record<string, unknown> {
  return {
    email_address: BUYER.email,
    account_id: BUYER.payerId,
    name: { given_name: BUYER.givenName, surname: BUYER.surname },
    address: { country_code: BUYER.countryCode },
  };
}
