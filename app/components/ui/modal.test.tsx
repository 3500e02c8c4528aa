import { act, useState } from "react";
import { expect, test } from "vitest";

import { button, click, only, render } from "#tests/support/render.tsx";

import { Dialog } from "./dialog.tsx";
import { Drawer } from "./drawer.tsx";

test("a dialog opens as a modal with its title as its name", () => {
  const page = render(<Opener kind="dialog" />);

  click(button(page, "Open"));

  const dialog = modal(page);
  expect(dialog.open).toBe(true);
  expect(nameOf(dialog)).toBe("Cancel order?");
});

test("closing a dialog gives the focus back to what opened it", () => {
  const page = render(<Opener kind="dialog" />);
  const opener = button(page, "Open");
  opener.focus();
  click(opener);
  button(page, "Keep order").focus();

  click(button(page, "Keep order"));

  expect(modal(page).open).toBe(false);
  expect(document.activeElement).toBe(opener);
});

test("a drawer closes by its cross and gives the focus back", () => {
  const page = render(<Opener kind="drawer" />);
  const opener = button(page, "Open");
  opener.focus();
  click(opener);
  expect(nameOf(modal(page))).toBe("Cart");

  click(button(page, "Close"));

  expect(modal(page).open).toBe(false);
  expect(document.activeElement).toBe(opener);
});

test("closing by the browser, as Escape does, is told to the caller", () => {
  const page = render(<Opener kind="drawer" />);
  click(button(page, "Open"));

  act(() => {
    modal(page).close();
  });
  click(button(page, "Open"));

  expect(modal(page).open).toBe(true);
});

test("a press outside closes, a press inside does not", () => {
  const page = render(<Opener kind="dialog" />);
  click(button(page, "Open"));

  pointDown(only(page, "h2"));
  expect(modal(page).open).toBe(true);
  pointDown(modal(page));
  expect(modal(page).open).toBe(false);
});

function Opener({ kind }: { readonly kind: "dialog" | "drawer" }) {
  const [open, setOpen] = useState(false);
  const close = () => {
    setOpen(false);
  };
  return (
    <>
      <button
        onClick={() => {
          setOpen(true);
        }}
      >
        Open
      </button>
      {kind === "dialog" ? (
        <Dialog
          open={open}
          onClose={close}
          title="Cancel order?"
          actions={<button onClick={close}>Keep order</button>}
        >
          The money goes back.
        </Dialog>
      ) : (
        <Drawer open={open} onClose={close} title="Cart">
          Nothing yet.
        </Drawer>
      )}
    </>
  );
}

function modal(page: ParentNode): HTMLDialogElement {
  return only(page, "dialog") as HTMLDialogElement;
}

function nameOf(element: HTMLElement): string | null | undefined {
  return document.getElementById(element.getAttribute("aria-labelledby") ?? "")?.textContent;
}

function pointDown(element: HTMLElement): void {
  act(() => {
    element.dispatchEvent(new MouseEvent("mousedown", { bubbles: true }));
  });
}
