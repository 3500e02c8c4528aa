import { minorUnits, parseAmount, type Money } from "./amounts.ts";
import type { PurchaseUnit } from "./ledger.ts";
import type { ProblemDetail } from "./problems.ts";

/** Something wrong with a purchase unit, before it gets PayPal's wording. */
export interface UnitIssue {
  /** Best first; the first that PayPal documents is answered. */
  readonly issues: readonly string[];
  readonly place: Pick<ProblemDetail, "field" | "value">;
}

/** PayPal's business rules for the purchase units of an order; empty when they hold. */
export function checkUnits(units: readonly PurchaseUnit[], merchantId: string): UnitIssue[] {
  const found = [
    ...checkReferences(units),
    ...units.flatMap((unit) => checkPayee(unit, merchantId)),
    ...units.flatMap((unit) => unitAmounts(unit).flatMap((amount) => checkAmount(unit, amount))),
  ];
  // Sums of amounts that are wrong themselves say nothing new.
  return found.length > 0 ? found : units.flatMap(checkSums).concat(checkCurrencies(units));
}

export function unitPath(unit: PurchaseUnit, member: string): string {
  return `/purchase_units/@reference_id=='${unit.reference_id}'${member}`;
}

function checkReferences(units: readonly PurchaseUnit[]): UnitIssue[] {
  const seen = new Set<string>();
  return units.flatMap((unit): UnitIssue[] => {
    const isDuplicate = seen.has(unit.reference_id);
    seen.add(unit.reference_id);
    const place = { field: unitPath(unit, "/reference_id"), value: unit.reference_id };
    return isDuplicate ? [{ issues: ["DUPLICATE_REFERENCE_ID"], place }] : [];
  });
}

function checkPayee(unit: PurchaseUnit, merchantId: string): UnitIssue[] {
  const payee = unit.payee?.merchant_id;
  if (payee === undefined || payee === merchantId) return [];
  return [
    {
      issues: ["PAYEE_ACCOUNT_INVALID"],
      place: { field: unitPath(unit, "/payee/merchant_id"), value: payee },
    },
  ];
}

interface UnitAmount {
  readonly member: string;
  readonly money: Money;
  readonly mayBeZero: boolean;
}

function unitAmounts(unit: PurchaseUnit): UnitAmount[] {
  const breakdown = Object.entries(unit.amount.breakdown ?? {}).flatMap(([name, money]) =>
    money === undefined ? [] : [{ member: `/amount/breakdown/${name}`, money, mayBeZero: true }],
  );
  const items = (unit.items ?? []).flatMap((item, index) => [
    { member: `/items/${index}/unit_amount`, money: item.unit_amount, mayBeZero: true },
    ...(item.tax === undefined
      ? []
      : [{ member: `/items/${index}/tax`, money: item.tax, mayBeZero: true }]),
  ]);
  return [{ member: "/amount", money: unit.amount, mayBeZero: false }, ...breakdown, ...items];
}

function checkAmount(unit: PurchaseUnit, { member, money, mayBeZero }: UnitAmount): UnitIssue[] {
  const minor = parseAmount(money);
  if (minor === "INVALID_CURRENCY_CODE") {
    const place = { field: unitPath(unit, `${member}/currency_code`), value: money.currency_code };
    return [{ issues: [minor], place }];
  }
  const place = { field: unitPath(unit, `${member}/value`), value: money.value };
  if (minor === "DECIMALS_NOT_SUPPORTED") {
    return [{ issues: ["DECIMALS_NOT_SUPPORTED", "DECIMAL_PRECISION"], place }];
  }
  if (typeof minor === "string") return [{ issues: [minor], place }];
  if (mayBeZero && minor < 0n) return [{ issues: ["CANNOT_BE_NEGATIVE"], place }];
  if (!mayBeZero && minor <= 0n) return [{ issues: ["CANNOT_BE_ZERO_OR_NEGATIVE"], place }];
  return [];
}

function checkCurrencies(units: readonly PurchaseUnit[]): UnitIssue[] {
  const currencies = new Set(
    units.flatMap((unit) => unitAmounts(unit).map(({ money }) => money.currency_code)),
  );
  return currencies.size < 2
    ? []
    : [{ issues: ["MULTI_CURRENCY_ORDER"], place: { field: "/purchase_units" } }];
}

function checkSums(unit: PurchaseUnit): UnitIssue[] {
  return [...checkItemSums(unit), ...checkTotal(unit)];
}

function checkItemSums(unit: PurchaseUnit): UnitIssue[] {
  const items = unit.items ?? [];
  const found: UnitIssue[] = [];
  const mustEqual = (
    name: "item_total" | "tax_total",
    sum: bigint,
    required: string,
    mismatch: string,
  ) => {
    const money = unit.amount.breakdown?.[name];
    const field = unitPath(unit, `/amount/breakdown/${name}/value`);
    if (money === undefined) found.push({ issues: [required], place: { field } });
    else if (minorUnits(money) !== sum) {
      found.push({ issues: [mismatch], place: { field, value: money.value } });
    }
  };
  if (items.length > 0) {
    const sum = items.reduce(
      (all, item) => all + minorUnits(item.unit_amount) * BigInt(item.quantity),
      0n,
    );
    mustEqual("item_total", sum, "ITEM_TOTAL_REQUIRED", "ITEM_TOTAL_MISMATCH");
  }
  if (items.some((item) => item.tax !== undefined)) {
    const sum = items.reduce(
      (all, item) =>
        item.tax === undefined ? all : all + minorUnits(item.tax) * BigInt(item.quantity),
      0n,
    );
    mustEqual("tax_total", sum, "TAX_TOTAL_REQUIRED", "TAX_TOTAL_MISMATCH");
  }
  return found;
}

function checkTotal(unit: PurchaseUnit): UnitIssue[] {
  const { breakdown } = unit.amount;
  if (breakdown === undefined) return [];
  const total = (name: keyof typeof breakdown) => {
    const money = breakdown[name];
    return money === undefined ? 0n : minorUnits(money);
  };
  const expected =
    total("item_total") +
    total("tax_total") +
    total("shipping") +
    total("handling") +
    total("insurance") -
    total("shipping_discount") -
    total("discount");
  if (expected === minorUnits(unit.amount)) return [];
  const place = { field: unitPath(unit, "/amount/value"), value: unit.amount.value };
  return [{ issues: ["AMOUNT_MISMATCH"], place }];
}
