import type { Money } from "../../domain/money.ts";
import type { ClaimedMoney } from "../../domain/payment.ts";

/** Money as PayPal writes it: `{ currency_code: "EUR", value: "19.99" }`. */
export type PayPalMoney = { readonly currency_code: string; readonly value: string };

// PayPal's own table, which differs from ISO 4217 and Intl (HUF and TWD have no decimals here):
// https://developer.paypal.com/api/rest/reference/currency-codes/
const CURRENCIES_WITHOUT_DECIMALS: readonly string[] = ["HUF", "JPY", "TWD"];
const DECIMALS = 2;

const VALUE = /^(-?)(\d{1,15})(?:\.(\d+))?$/;

export function toPayPalMoney(money: Money): PayPalMoney {
  const decimals = decimalsOf(money.currency);
  const digits = String(Math.abs(money.amount)).padStart(decimals + 1, "0");
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = digits.slice(digits.length - decimals);
  const sign = money.amount < 0 ? "-" : "";
  const value = decimals === 0 ? `${sign}${whole}` : `${sign}${whole}.${fraction}`;
  return { currency_code: money.currency, value };
}

/** Minor units, exactly; null for a text that is not an amount of that currency. */
export function fromPayPalMoney(money: PayPalMoney): ClaimedMoney | null {
  const [, sign, whole, fraction = ""] = VALUE.exec(money.value) ?? [];
  if (whole === undefined) return null;
  const decimals = decimalsOf(money.currency_code);
  const extra = fraction.slice(decimals);
  if (/[1-9]/.test(extra)) return null;
  const digits = Number(whole + fraction.slice(0, decimals).padEnd(decimals, "0"));
  const amount = sign === "-" && digits !== 0 ? -digits : digits;
  return Number.isSafeInteger(amount) ? { amount, currency: money.currency_code } : null;
}

function decimalsOf(currency: string): number {
  return CURRENCIES_WITHOUT_DECIMALS.includes(currency) ? 0 : DECIMALS;
}
