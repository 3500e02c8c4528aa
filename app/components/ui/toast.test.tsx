import { act } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { button, click, only, render } from "#tests/support/render.tsx";

import { type ToastMessage, ToastProvider, useToast } from "./toast.tsx";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("a toast says its text and leaves after six seconds", () => {
  const page = renderWith([{ text: "In your cart" }]);

  click(button(page, "Show 0"));
  expect(region(page).textContent).toContain("In your cart");

  advance(5999);
  expect(region(page).textContent).toContain("In your cart");
  advance(1);
  expect(region(page).textContent).toBe("");
});

test("a toast stays while the pointer is on it", () => {
  const page = renderWith([{ text: "In your cart" }]);
  click(button(page, "Show 0"));

  point("pointerover", page);
  advance(60_000);
  expect(region(page).textContent).toContain("In your cart");

  point("pointerout", page);
  advance(6000);
  expect(region(page).textContent).toBe("");
});

test("of three toasts the oldest makes room", () => {
  const page = renderWith([{ text: "One" }, { text: "Two" }, { text: "Three" }]);

  for (const index of [0, 1, 2]) click(button(page, `Show ${index}`));

  expect(region(page).textContent).toBe("TwoThree");
});

test("the action runs once and closes the toast", () => {
  const onSelect = vi.fn();
  const page = renderWith([{ text: "Removed", action: { label: "Undo", onSelect } }]);
  click(button(page, "Show 0"));

  click(button(page, "Undo"));

  expect(onSelect).toHaveBeenCalledOnce();
  expect(region(page).textContent).toBe("");
});

function renderWith(messages: readonly ToastMessage[]) {
  return render(
    <ToastProvider>
      {messages.map((message, index) => (
        <ShowButton key={message.text} message={message} name={`Show ${index}`} />
      ))}
    </ToastProvider>,
  );
}

function ShowButton({ message, name }: { readonly message: ToastMessage; readonly name: string }) {
  const showToast = useToast();
  return (
    <button
      onClick={() => {
        showToast(message);
      }}
    >
      {name}
    </button>
  );
}

function region(page: ParentNode): HTMLElement {
  return only(page, "[role=status]");
}

function point(kind: string, page: ParentNode): void {
  act(() => {
    region(page).dispatchEvent(
      new PointerEvent(kind, { bubbles: true, relatedTarget: document.body }),
    );
  });
}

function advance(ms: number): void {
  act(() => {
    vi.advanceTimersByTime(ms);
  });
}
