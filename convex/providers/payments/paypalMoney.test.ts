import { expect, test } from "vitest";

import { money } from "../../domain/money.ts";
import { fromPayPalMoney, toPayPalMoney } from "./paypalMoney.ts";

test("ORD-4 an amount in cents becomes PayPal's decimal text", () => {
  const values = [0, 5, 50, 123, 5490, 100_000_000].map((a) => toPayPalMoney(money(a)).value);
  expect(values).toEqual(["0.00", "0.05", "0.50", "1.23", "54.90", "1000000.00"]);
});

test("ORD-4 PayPal's text becomes exact minor units, by PayPal's own table of decimals", () => {
  const read = (currency_code: string, value: string) => fromPayPalMoney({ currency_code, value });
  expect(read("EUR", "54.90")).toEqual({ amount: 5490, currency: "EUR" });
  expect(read("EUR", "54.9")).toEqual({ amount: 5490, currency: "EUR" });
  expect(read("EUR", "54")).toEqual({ amount: 5400, currency: "EUR" });
  expect(read("EUR", "1.10")?.amount).toBe(110);
  expect(read("EUR", "-3.05")?.amount).toBe(-305);
  expect(read("JPY", "500")?.amount).toBe(500);
  expect(read("HUF", "500.00")?.amount).toBe(500);
  expect(read("TWD", "500")?.amount).toBe(500);
});

test("ORD-4 a text that is not an amount of its currency is refused", () => {
  for (const value of ["", "abc", "1.005", "1,50", "NaN", "1e3", "99999999999999999"]) {
    expect(fromPayPalMoney({ currency_code: "EUR", value })).toBeNull();
  }
  expect(fromPayPalMoney({ currency_code: "JPY", value: "1.5" })).toBeNull();
});
