import { expect, test } from "vitest";

import { render } from "#tests/support/render.tsx";

import { Pagination } from "./pagination.tsx";

test("page numbers are written like other figures", () => {
  expect(entries(25_000, 45_724)).toEqual(["1", "…", "24,999", "25,000", "25,001", "…", "45,724"]);
});

test("on phones long numbers leave out neighbours where pages are left out anyway", () => {
  expect(entries(25_000, 45_724, isOnPhones)).toEqual(["1", "…", "25,000", "…", "45,724"]);
  expect(entries(3, 45_724, isOnPhones)).toEqual(["1", "2", "3", "…", "45,724"]);
  expect(entries(45_724, 45_724, isOnPhones)).toEqual(["1", "…", "45,724"]);
  expect(entries(5, 9, isOnPhones)).toEqual(["1", "…", "4", "5", "6", "…", "9"]);
});

function entries(
  page: number,
  pageCount: number,
  isShown: (entry: Element) => boolean = () => true,
): string[] {
  const pageTo = (to: number) => `?page=${String(to)}`;
  const container = render(<Pagination page={page} pageCount={pageCount} pageTo={pageTo} />);
  return [...container.querySelectorAll("li")]
    .filter(isShown)
    .flatMap(({ textContent }) => (textContent === "" ? [] : [textContent]));
}

function isOnPhones(entry: Element): boolean {
  return !entry.classList.contains("max-sm:hidden");
}
