import type { PaymentMethod } from "../../domain/payment.ts";
import { bankTransfer } from "./bankTransfer.ts";
import { createPayPal } from "./paypal.ts";
import type { PayPalConfig } from "./paypalApi.ts";
import type { ManualPayments, OnlinePayments } from "./port.ts";

export type PaymentProvider =
  | { readonly settles: "online"; readonly payments: OnlinePayments }
  | { readonly settles: "manually"; readonly payments: ManualPayments };

/** The implementation behind a payment method. PayPal's settings are read only when it is meant. */
export function paymentProvider(
  method: PaymentMethod,
  payPalConfig: () => PayPalConfig,
): PaymentProvider {
  switch (method) {
    case "paypal":
      return { settles: "online", payments: createPayPal(payPalConfig()) };
    case "bankTransfer":
      return { settles: "manually", payments: bankTransfer };
    default:
      return method satisfies never;
  }
}
