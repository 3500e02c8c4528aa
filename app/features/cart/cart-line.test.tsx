import type { GenericId } from "convex/values";
import { act, useState } from "react";
import { expect, test, vi } from "vitest";

import { button, only, press, render, type } from "#tests/support/render.tsx";

import { type CartLine, CartLineItem } from "./cart-line.tsx";
import type { CartActions, CartOutcome } from "./use-cart-actions.ts";

const LINE: CartLine = {
  id: "line1" as GenericId<"cartLines">,
  variantId: "variant1" as GenericId<"variants">,
  productSlug: "solo-radio",
  sku: "RADIO-1",
  name: "Solo radio",
  optionLabel: "Stone grey",
  picture: null,
  tint: "mist",
  quantity: 1,
  unitPrice: { amount: 13900, currency: "EUR" },
  priceWas: null,
  lineTotal: { amount: 13900, currency: "EUR" },
  available: 5,
  state: "ok",
};

test("one more shows at once, before the shop has answered", async () => {
  const { page, answer } = renderLine();

  await press1More(page);

  expect(quantity(page)).toBe("2");
  await answer({ ok: true, count: 2 });
  expect(quantity(page)).toBe("2");
});

test("a refusal takes the change back and says why beside the line", async () => {
  const { page, answer } = renderLine();
  await press1More(page);

  await answer({ ok: false, message: "Only one Solo radio is left." });

  expect(quantity(page)).toBe("1");
  expect(only(page, "[role=alert]").textContent).toBe("Only one Solo radio is left.");
});

test("the sentence goes once a later change is taken", async () => {
  const { page, answer } = renderLine();
  await press1More(page);
  await answer({ ok: false, message: "Only one Solo radio is left." });

  await press1More(page);
  await answer({ ok: true, count: 2 });

  expect(page.querySelector("[role=alert]")).toBeNull();
});

test("a typed quantity is sent when the field is done with", async () => {
  const { page, setQuantity } = renderLine();
  const field = only(page, "input[name=quantity]");

  type(field, "4");
  expect(setQuantity).not.toHaveBeenCalled();
  press(field, "Enter");

  expect(setQuantity).toHaveBeenCalledExactlyOnceWith({ lineId: LINE.id, quantity: 4 });
});

test("what is not sold any more can only be removed", () => {
  const onRemove = vi.fn();
  const gone: CartLine = { ...LINE, available: 0, state: "unavailable" };
  const page = render(
    <ul>
      <CartLineItem line={gone} actions={fakeActions(vi.fn())} onRemove={onRemove} />
    </ul>,
  );

  expect(page.querySelector("input[name=quantity]")).toBeNull();
  act(() => only(page, "button").click());

  expect(onRemove).toHaveBeenCalledExactlyOnceWith(gone);
});

/** A line whose cart shows changes at once and takes back what the shop refuses. */
function renderLine() {
  let settle: (outcome: CartOutcome) => void = () => undefined;
  const setQuantity = vi.fn<CartActions["setQuantity"]>();

  function Cart() {
    const [line, setLine] = useState(LINE);
    setQuantity.mockImplementation(async ({ quantity: wanted }) => {
      setLine({ ...line, quantity: wanted });
      const outcome = await new Promise<CartOutcome>((resolve) => {
        settle = resolve;
      });
      if (!outcome.ok) setLine(line);
      return outcome;
    });
    return (
      <ul>
        <CartLineItem line={line} actions={fakeActions(setQuantity)} onRemove={() => undefined} />
      </ul>
    );
  }

  const page = render(<Cart />);
  const answer = (outcome: CartOutcome) => act(async () => settle(outcome));
  return { page, setQuantity, answer };
}

function fakeActions(setQuantity: CartActions["setQuantity"]): CartActions {
  const done = () => Promise.resolve<CartOutcome>({ ok: true, count: 0 });
  return { add: done, setQuantity, remove: done, restore: done, acknowledgeChanges: done };
}

async function press1More(page: HTMLElement): Promise<void> {
  await act(async () => button(page, "One more").click());
}

function quantity(page: HTMLElement): string {
  return only(page, "input[name=quantity]").getAttribute("value") ?? "";
}
