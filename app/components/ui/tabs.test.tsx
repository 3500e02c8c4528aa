import { expect, test } from "vitest";

import { press, render } from "#tests/support/render.tsx";

import { Tabs } from "./tabs.tsx";

test("arrow keys move through the tabs and around the end", () => {
  const page = render(
    <Tabs
      label="Product"
      tabs={[
        { key: "details", label: "Details", panel: "Stoneware" },
        { key: "reviews", label: "Reviews", panel: "4.8 of 5" },
      ]}
    />,
  );
  const [details, reviews] = page.querySelectorAll<HTMLElement>("[role=tab]");

  press(details!, "ArrowRight");
  expect(chosen(page)).toBe("Reviews");
  expect(document.activeElement).toBe(reviews);
  expect(shownPanel(page)).toBe("4.8 of 5");

  press(reviews!, "ArrowRight");
  expect(chosen(page)).toBe("Details");
  expect(shownPanel(page)).toBe("Stoneware");
});

function chosen(page: ParentNode) {
  return page.querySelector("[aria-selected=true]")?.textContent;
}

function shownPanel(page: ParentNode) {
  return page.querySelector("[role=tabpanel]:not([hidden])")?.textContent;
}
