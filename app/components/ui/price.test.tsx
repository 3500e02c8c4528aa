import { act, useState } from "react";
import { expect, test, vi } from "vitest";

import { click, only, render } from "#tests/support/render.tsx";

import { discountPercent, Price } from "./price.tsx";

test("a price that changes in place is tinted for 1.8 seconds", () => {
  vi.useFakeTimers();
  try {
    const page = render(<ChangingPrice />);
    expect(page.querySelector("[data-changed]")).toBeNull();

    click(only(page, "button"));
    expect(only(page, "[data-changed]").textContent).toBe("€19");

    act(() => {
      vi.advanceTimersByTime(1799);
    });
    expect(page.querySelector("[data-changed]")).not.toBeNull();
    act(() => {
      vi.advanceTimersByTime(1);
    });
    expect(page.querySelector("[data-changed]")).toBeNull();
    expect(page.textContent).toContain("€19");
  } finally {
    vi.useRealTimers();
  }
});

test("a former price is named and not only struck through", () => {
  const page = render(
    <Price
      price={{ amount: 7800, currency: "EUR" }}
      compareAt={{ amount: 9850, currency: "EUR" }}
    />,
  );

  expect(page.textContent).toBe("€78 was €98.50");
});

test("an exact price always has its minor units", () => {
  const page = render(<Price price={{ amount: 23500, currency: "EUR" }} exact />);

  expect(page.textContent).toBe("€235.00");
});

test("a discount is in whole per cent, and none when the price is not lower", () => {
  const price = { amount: 7800, currency: "EUR" } as const;

  expect(discountPercent(price, { amount: 9800, currency: "EUR" })).toBe(20);
  expect(discountPercent(price, { amount: 7800, currency: "EUR" })).toBeNull();
  expect(discountPercent(price, null)).toBeNull();
});

function ChangingPrice() {
  const [amount, setAmount] = useState(2400);
  return (
    <>
      <Price price={{ amount, currency: "EUR" }} />
      <button
        onClick={() => {
          setAmount(1900);
        }}
      />
    </>
  );
}
