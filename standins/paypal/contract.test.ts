import { expect, test } from "vitest";

import { Contract } from "./contract.ts";
import { PayPalProblem } from "./problems.ts";

const contract = new Contract();
const order = {
  id: "5O190127TN364715T",
  status: "CREATED",
  links: [{ href: "https://api-m.paypal.com/v2/checkout/orders/X", rel: "self", method: "GET" }],
};

test("an answer with an undocumented or wrongly typed member departs from the contract", () => {
  expect(contract.checkResponse("orders.get", 200, order)).toEqual([]);
  expect(contract.checkResponse("orders.get", 200, { ...order, total: 1 })).toHaveLength(1);
  expect(contract.checkResponse("orders.get", 200, { ...order, status: "PAID" })).toHaveLength(1);
  expect(
    contract.checkResponse("orders.get", 200, { ...order, links: [{ rel: "self" }] }),
  ).toHaveLength(1);
  expect(contract.checkResponse("orders.patch", 204, undefined)).toEqual([]);
  expect(contract.checkResponse("orders.patch", 204, {})).toHaveLength(1);
});

test("an error answer may name documented issues only", () => {
  const body = (issue: string) => new PayPalProblem(422, [{ issue }]).toBody("debug");

  expect(contract.checkResponse("orders.capture", 422, body("ORDER_NOT_APPROVED"))).toEqual([]);
  expect(contract.checkResponse("orders.capture", 422, body("OUT_OF_PAPER"))).not.toEqual([]);
  expect(contract.checkResponse("orders.capture", 409, new PayPalProblem(409).toBody("d"))).toEqual(
    [],
  );
});

test("an issue is worded as PayPal documents it, or replaced by the next that is documented", () => {
  expect(contract.describe("captures.refund", 422, ["CAPTURE_FULLY_REFUNDED"])).toEqual({
    issue: "CAPTURE_FULLY_REFUNDED",
    description: "The capture has already been fully refunded",
  });
  expect(
    contract.describe("orders.create", 422, ["DECIMALS_NOT_SUPPORTED", "DECIMAL_PRECISION"]).issue,
  ).toBe("DECIMAL_PRECISION");
});

test("members of parts that are put together are known in the whole", () => {
  const unit = {
    amount: {
      currency_code: "EUR",
      value: "1.00",
      breakdown: { item_total: { currency_code: "EUR", value: "1.00" } },
    },
    shipping: { name: { full_name: "Ada" }, address: { country_code: "DE" } },
  };
  const body = { intent: "CAPTURE", purchase_units: [unit] };

  expect(contract.checkRequestBody("orders.create", body)).toEqual([]);
});
