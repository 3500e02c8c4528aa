import { expect, onTestFinished, test, vi } from "vitest";

import { only, render } from "#tests/support/render.tsx";

import { OrderFilters } from "./order-filters.tsx";

const ROW_WIDTH = 300;
const FILTER_WIDTH = 100;

test("ADM-5: where the row of filters is too long, it begins with the current one in its middle", () => {
  layOutInARow();
  const page = render(<OrderFilters status="delivered" query="" counts={null} />);
  const current = only(page, "[aria-current]");
  expect(current.textContent).toBe("Delivered");
  expect(only(page, "nav").scrollLeft).toBe(7 * FILTER_WIDTH - (ROW_WIDTH - FILTER_WIDTH) / 2);
});

/** The tests' document has no layout of its own. */
function layOutInARow(): void {
  vi.spyOn(HTMLElement.prototype, "offsetLeft", "get").mockImplementation(function (
    this: HTMLElement,
  ) {
    return FILTER_WIDTH * Math.max(0, [...document.querySelectorAll("li a")].indexOf(this));
  });
  vi.spyOn(HTMLElement.prototype, "offsetWidth", "get").mockReturnValue(FILTER_WIDTH);
  vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockReturnValue(ROW_WIDTH);
  onTestFinished(() => {
    vi.restoreAllMocks();
  });
}
