import type { PaymentMethod } from "../domain/payment.ts";
import { findEnv, requireEnv } from "../lib/env.ts";
import type { EmailSender } from "../providers/email/port.ts";
import { createResend } from "../providers/email/resend.ts";
import type { PayPalConfig } from "../providers/payments/paypalApi.ts";
import type { OnlinePayments } from "../providers/payments/port.ts";
import type { PaymentProvider } from "../providers/payments/registry.ts";
import { paymentProvider } from "../providers/payments/registry.ts";

/** The providers as this deployment's settings choose them. */
export function providerOf(method: PaymentMethod): PaymentProvider {
  return paymentProvider(method, payPalConfig);
}

export function payPal(): OnlinePayments {
  const provider = providerOf("paypal");
  if (provider.settles !== "online") throw new Error("PayPal settles online");
  return provider.payments;
}

export function emailSender(): EmailSender {
  return createResend({
    apiKey: requireEnv("RESEND_API_KEY"),
    baseUrl: findEnv("RESEND_BASE_URL"),
  });
}

function payPalConfig(): PayPalConfig {
  return {
    apiBase: requireEnv("PAYPAL_API_BASE").replace(/\/+$/, ""),
    clientId: requireEnv("PAYPAL_CLIENT_ID"),
    clientSecret: requireEnv("PAYPAL_CLIENT_SECRET"),
    webhookId: requireEnv("PAYPAL_WEBHOOK_ID"),
    merchantId: requireEnv("PAYPAL_MERCHANT_ID"),
  };
}
