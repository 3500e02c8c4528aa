/** Amounts are integers in the currency's minor unit: `{ amount: 1999, currency: "EUR" }` is €19.99. */
export type Currency = "EUR";

export type Money = { amount: number; currency: Currency };

export const SHOP_CURRENCY: Currency = "EUR";

/** Above it sums of a large cart could leave the range in which integers are exact. */
export const MAX_PRICE_AMOUNT = 100_000_000;

export function money(amount: number, currency: Currency = SHOP_CURRENCY): Money {
  if (!Number.isSafeInteger(amount)) throw new RangeError(`Not a whole minor unit: ${amount}`);
  return { amount, currency };
}

export function zero(currency: Currency = SHOP_CURRENCY): Money {
  return money(0, currency);
}

export function add(a: Money, b: Money): Money {
  assertSameCurrency(a, b);
  return money(a.amount + b.amount, a.currency);
}

export function subtract(a: Money, b: Money): Money {
  assertSameCurrency(a, b);
  return money(a.amount - b.amount, a.currency);
}

export function multiply(price: Money, quantity: number): Money {
  return money(price.amount * quantity, price.currency);
}

export function sum(values: readonly Money[], currency: Currency = SHOP_CURRENCY): Money {
  return values.reduce(add, zero(currency));
}

export function compare(a: Money, b: Money): number {
  assertSameCurrency(a, b);
  return a.amount - b.amount;
}

export function isSame(a: Money, b: Money): boolean {
  return a.amount === b.amount && isSameCurrency(a, b);
}

export function isZero(value: Money): boolean {
  return value.amount === 0;
}

/** A price that a manager may set: a whole number of minor units, above zero, within range. */
export function isPriceAmount(amount: number): boolean {
  return Number.isSafeInteger(amount) && amount > 0 && amount <= MAX_PRICE_AMOUNT;
}

/**
 * The tax contained in a gross amount; the rate is in basis points (1900 is 19 %).
 * Halves round away from zero, so a refund contains as much tax as the payment did.
 */
export function taxIncluded(gross: Money, rateBasisPoints: number): Money {
  const exact = (Math.abs(gross.amount) * rateBasisPoints) / (10_000 + rateBasisPoints);
  return money(Math.sign(gross.amount) * Math.round(exact), gross.currency);
}

type Denominated = { currency: string };

function assertSameCurrency(a: Denominated, b: Denominated): void {
  if (!isSameCurrency(a, b)) throw new TypeError(`${a.currency} is not ${b.currency}`);
}

function isSameCurrency(a: Denominated, b: Denominated): boolean {
  return a.currency === b.currency;
}
