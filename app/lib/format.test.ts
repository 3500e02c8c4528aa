import { expect, test } from "vitest";

import { formatCount, formatDay, formatMoment, formatMoney, formatTime } from "./format.ts";

const at = Date.UTC(2026, 10, 22, 23, 30);

test("whole amounts are short without minor units, others never lose them", () => {
  expect(formatMoney({ amount: 7900, currency: "EUR" }, "en", "short")).toBe("€79");
  expect(formatMoney({ amount: 7905, currency: "EUR" }, "en", "short")).toBe("€79.05");
  expect(formatMoney({ amount: 7900, currency: "EUR" }, "en", "exact")).toBe("€79.00");
  expect(formatMoney({ amount: 123_456_789, currency: "EUR" }, "en")).toBe("€1,234,567.89");
});

test("SYS-8: amounts follow the language", () => {
  expect(formatMoney({ amount: 123_450, currency: "EUR" }, "de")).toBe("1.234,50\u00a0€");
});

test("moments are told in the shop's time zone, wherever the page is rendered", () => {
  expect(formatDay(at, "en")).toBe("23 Nov 2026");
  expect(formatTime(at, "en")).toBe("00:30");
  expect(formatMoment(at, "en")).toBe("23 Nov 2026, 00:30");
});

test("counts are grouped", () => {
  expect(formatCount(12_345, "en")).toBe("12,345");
});
