/**
 * Decimal places of the currencies that PayPal takes
 * (developer.paypal.com/api/rest/reference/currency-codes): none for HUF, JPY and TWD.
 */
const DECIMALS: ReadonlyMap<string, 0 | 2> = new Map<string, 0 | 2>([
  ...["HUF", "JPY", "TWD"].map((code): [string, 0] => [code, 0]),
  ..."AUD BRL CAD CNY CZK DKK EUR HKD ILS MYR MXN NZD NOK PHP PLN GBP SGD SEK CHF THB USD"
    .split(" ")
    .map((code): [string, 2] => [code, 2]),
]);

/** PayPal's limit of 999999999999999.99. */
const MAX_MINOR_UNITS = 99_999_999_999_999_999n;

export interface Money {
  readonly currency_code: string;
  /** Decimal text as PayPal writes it. */
  readonly value: string;
}

export type AmountIssue =
  "INVALID_CURRENCY_CODE" | "DECIMAL_PRECISION" | "DECIMALS_NOT_SUPPORTED" | "MAX_VALUE_EXCEEDED";

/** Minor units of a documented amount, or the issue that PayPal would name. */
export function parseAmount(money: Money): bigint | AmountIssue {
  const decimals = DECIMALS.get(money.currency_code);
  if (decimals === undefined) return "INVALID_CURRENCY_CODE";
  const [, sign = "", whole = "", fraction = ""] =
    /^(-?)([0-9]*)(?:\.([0-9]+))?$/.exec(money.value) ?? [];
  if (fraction.length > decimals) {
    return decimals === 0 ? "DECIMALS_NOT_SUPPORTED" : "DECIMAL_PRECISION";
  }
  const minor = BigInt(`${whole === "" ? "0" : whole}${fraction.padEnd(decimals, "0")}`);
  if (minor > MAX_MINOR_UNITS) return "MAX_VALUE_EXCEEDED";
  return sign === "-" ? -minor : minor;
}

/**
 * Minor units of an amount that was checked when it came in.
 * @throws RangeError when it was not.
 */
export function minorUnits(money: Money): bigint {
  const minor = parseAmount(money);
  if (typeof minor === "string") throw new RangeError(`${money.value}: ${minor}`);
  return minor;
}

export function formatAmount(currencyCode: string, minor: bigint): Money {
  const decimals = DECIMALS.get(currencyCode) ?? 2;
  const digits = (minor < 0n ? -minor : minor).toString().padStart(decimals + 1, "0");
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = digits.slice(digits.length - decimals);
  const sign = minor < 0n ? "-" : "";
  return {
    currency_code: currencyCode,
    value: decimals === 0 ? `${sign}${whole}` : `${sign}${whole}.${fraction}`,
  };
}

/** The fee a European business account pays for a sale: 2.99 % and 35 minor units, rounded half up. */
export function saleFee(minor: bigint): bigint {
  const fee = (minor * 299n + 5_000n) / 10_000n + 35n;
  return fee > minor ? minor : fee;
}
