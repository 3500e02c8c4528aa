import { useState } from "react";
import { expect, test } from "vitest";

import { button, click, render } from "#tests/support/render.tsx";

import { useHeldOrder } from "./held-order.ts";
import { goOn, readListView, showMore } from "./list-view.ts";

test("an address with nonsense in it is the plain list", () => {
  const view = readListView(new URLSearchParams("sort=cheapest&show=-3"));

  expect(view).toEqual({ sort: "featured", shown: 24, after: null });
});

test("more is shown by whole pages, up to what one address holds", () => {
  expect(showMore(new URLSearchParams("sort=newest"))).toBe("?sort=newest&show=48");
  expect(showMore(new URLSearchParams("show=30"))).toBe("?show=72");
  expect(readListView(new URLSearchParams("show=100000")).shown).toBe(120);
  expect(showMore(new URLSearchParams("show=120"))).toBeNull();
});

test("the next address goes on at the cursor with a first page", () => {
  expect(goOn(new URLSearchParams("sort=rating&show=120"), "abc")).toBe("?sort=rating&after=abc");
});

test("values change in place while new rows and a new order wait", () => {
  const page = render(<List />);
  expect(text(page)).toBe("a1 b1 | 0");

  click(button(page, "live"));
  expect(text(page)).toBe("a2 b2 | 1");

  click(button(page, "show"));
  expect(text(page)).toBe("c1 b2 a2 | 0");
});

test("a row that is gone leaves, and another list starts anew", () => {
  const page = render(<List />);

  click(button(page, "gone"));
  expect(text(page)).toBe("b1 | 0");

  click(button(page, "other"));
  expect(text(page)).toBe("x1 | 0");
});

test("more of the same list goes to the end", () => {
  const page = render(<List />);

  click(button(page, "more"));

  expect(text(page)).toBe("a1 b1 z1 | 0");
});

const lists: Record<string, { rows: string[]; key: string; shown: number }> = {
  first: { rows: ["a1", "b1"], key: "list", shown: 24 },
  live: { rows: ["c1", "b2", "a2"], key: "list", shown: 24 },
  gone: { rows: ["b1"], key: "list", shown: 24 },
  more: { rows: ["z1", "b1", "a1"], key: "list", shown: 48 },
  other: { rows: ["x1"], key: "other list", shown: 24 },
};

function List() {
  const [name, setName] = useState("first");
  const list = lists[name]!;
  const rows = list.rows.map((value) => ({ id: value.charAt(0), value }));
  const held = useHeldOrder(rows, { key: list.key, shown: list.shown });
  return (
    <>
      <output>
        {held.rows.map(({ value }) => value).join(" ")} | {held.waiting}
      </output>
      <button onClick={held.showWaiting}>show</button>
      {Object.keys(lists).map((next) => (
        <button
          key={next}
          onClick={() => {
            setName(next);
          }}
        >
          {next}
        </button>
      ))}
    </>
  );
}

function text(page: ParentNode) {
  return page.querySelector("output")?.textContent;
}
