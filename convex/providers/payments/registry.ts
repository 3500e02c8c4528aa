import type { PaymentMethod } from "../../domain/payment.ts";
import type { BankAccount } from "./bankTransfer.ts";
import { createBankTransfer } from "./bankTransfer.ts";
import { createPayPal } from "./paypal.ts";
import type { PayPalConfig } from "./paypalApi.ts";
import type { ManualPayments, OnlinePayments } from "./port.ts";

export type PaymentProvider =
  | { readonly settles: "online"; readonly payments: OnlinePayments }
  | { readonly settles: "manually"; readonly payments: ManualPayments };

/** The implementation behind a payment method; settings are asked for only when it needs them. */
export function paymentProvider(
  method: PaymentMethod,
  settings: { payPal: () => PayPalConfig; bankAccount: () => BankAccount },
): PaymentProvider {
  switch (method) {
    case "paypal":
      return { settles: "online", payments: createPayPal(settings.payPal()) };
    case "bankTransfer":
      return { settles: "manually", payments: createBankTransfer(settings.bankAccount()) };
    default:
      return method satisfies never;
  }
}
