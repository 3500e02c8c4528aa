import type { Address } from "../../domain/address.ts";
import type { Money } from "../../domain/money.ts";
import type { FactSource, PaymentFact } from "../../domain/payment.ts";
import type { BankAccount, TransferInstructions } from "../../domain/transfer.ts";

/** What is to be paid. `requestId` makes a repetition of the same request harmless. */
export type PaymentRequest = {
  readonly requestId: string;
  /** Comes back as the custom id of everything that belongs to the payment. */
  readonly paymentId: string;
  /** Unique for each attempt; shown to the buyer. */
  readonly invoiceId: string;
  readonly shopName: string;
  readonly items: readonly PaymentItem[];
  readonly subtotal: Money;
  readonly discount: Money;
  readonly delivery: Money;
  readonly total: Money;
  readonly address: Address;
};

export type PaymentItem = {
  readonly name: string;
  readonly sku: string;
  readonly quantity: number;
  readonly unitPrice: Money;
};

export type RefundRequest = {
  readonly requestId: string;
  readonly refundId: string;
  readonly captureId: string;
  readonly amount: Money;
};

/**
 * Every answer is one of three. `unknown` means that the request may or may not have had its
 * effect (no answer, a fault of the provider): ask again with `read`, or repeat with the same
 * request id, but conclude nothing.
 */
type Answer<Told> =
  | Told
  | { readonly kind: "refused"; readonly reason: string }
  | { readonly kind: "unknown"; readonly reason: string };

export type Opened = Answer<{ readonly kind: "opened"; readonly providerOrderId: string }>;

export type Told = Answer<{ readonly kind: "told"; readonly facts: readonly PaymentFact[] }>;

export type WebhookRequest = {
  readonly headers: Headers;
  /** The body exactly as it arrived. */
  readonly body: string;
};

export type WebhookVerdict = "genuine" | "forged" | "unknown";

export type WebhookEvent = {
  readonly id: string;
  readonly type: string;
  /** Empty for an event that means nothing to the shop. */
  readonly facts: readonly PaymentFact[];
};

/** A provider with which the buyer approves and we capture. */
export interface OnlinePayments {
  /** Our own account with the provider, to which captured money must have gone. */
  readonly payeeId: string;
  open(request: PaymentRequest): Promise<Opened>;
  capture(payment: { providerOrderId: string; requestId: string }): Promise<Told>;
  read(payment: { providerOrderId: string; source: FactSource }): Promise<Told>;
  refund(request: RefundRequest): Promise<Told>;
  verifyWebhook(request: WebhookRequest): Promise<WebhookVerdict>;
}

/** A way to pay outside of the shop; a manager confirms that the money has come. */
export interface ManualPayments {
  instructions(
    account: BankAccount,
    order: { number: string; total: Money; payableUntil: number },
  ): TransferInstructions;
}
