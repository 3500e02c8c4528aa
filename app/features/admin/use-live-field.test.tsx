import { useState } from "react";
import { expect, test } from "vitest";

import { button, click, only, render, type } from "#tests/support/render.tsx";

import { useLiveField } from "./use-live-field.ts";

test("an untouched field follows the live value", () => {
  const page = render(<Form />);

  click(button(page, "live becomes 7"));

  expect(state(page)).toBe("7 clean");
});

test("what was typed stays when the value underneath moves, and the field says so", () => {
  const page = render(<Form />);
  type(only(page, "input"), "12");
  expect(state(page)).toBe("12 dirty");

  click(button(page, "live becomes 7"));
  expect(state(page)).toBe("12 dirty moved");

  click(button(page, "take the live one"));
  expect(state(page)).toBe("7 clean");
});

test("a value that becomes what was typed is no news", () => {
  const page = render(<Form />);
  type(only(page, "input"), "7");

  click(button(page, "live becomes 7"));

  expect(state(page)).toBe("7 clean");
});

test("once saved the field is live again, and what is typed after that is kept", () => {
  const page = render(<Form />);
  type(only(page, "input"), "7");
  click(button(page, "send"));
  click(button(page, "saved"));
  click(button(page, "live becomes 9"));
  expect(state(page)).toBe("9 clean");

  type(only(page, "input"), "7");
  expect(state(page)).toBe("7 dirty");
});

test("what was refused without scripts is still in the field", () => {
  const page = render(<Form refused="-4" />);

  expect(state(page)).toBe("-4 dirty");
});

function Form({ refused }: { readonly refused?: string }) {
  const [live, setLive] = useState("5");
  const [isDone, setIsDone] = useState(false);
  const field = useLiveField(live, { refused, busy: false, isDone });
  const buttons = {
    "live becomes 7": () => setLive("7"),
    "live becomes 9": () => setLive("9"),
    "take the live one": field.reset,
    send: field.send,
    saved: () => setIsDone(true),
  };
  return (
    <>
      <input value={field.value} onChange={field.onChange} />
      <output>
        {[field.value, field.isDirty ? "dirty" : "clean", field.moved && "moved"]
          .filter(Boolean)
          .join(" ")}
      </output>
      {Object.entries(buttons).map(([name, press]) => (
        <button key={name} onClick={press}>
          {name}
        </button>
      ))}
    </>
  );
}

function state(page: ParentNode) {
  return page.querySelector("output")?.textContent;
}
