import { useState } from "react";
import { expect, test, vi } from "vitest";

import { button, click, only, press, render, type } from "#tests/support/render.tsx";

import { QuantityStepper } from "./quantity-stepper.tsx";

test("CRT-1: buttons change the quantity by one and stop at the ends", () => {
  const page = render(<Counter start={1} max={2} />);

  expect(button(page, "One less").disabled).toBe(true);
  click(button(page, "One more"));

  expect(shown(page)).toBe("2");
  expect(button(page, "One more").disabled).toBe(true);
  expect(button(page, "One less").disabled).toBe(false);
});

test("CRT-1: a typed quantity counts once Enter is pressed", () => {
  const onChange = vi.fn();
  const page = render(<Counter start={1} max={9} onChange={onChange} />);

  type(field(page), "7");
  expect(onChange).not.toHaveBeenCalled();
  press(field(page), "Enter");

  expect(onChange).toHaveBeenCalledExactlyOnceWith(7);
});

test("more than there is becomes what there is, and says so", () => {
  const page = render(<Counter start={1} max={3} />);

  type(field(page), "40");
  press(field(page), "Enter");

  expect(shown(page)).toBe("3");
  expect(only(page, "[role=status]").textContent).toBe("Only 3 left");
  expect(field(page).getAttribute("aria-describedby")).toBe(only(page, "[role=status]").id);
});

test("letters are not taken and an empty field keeps the old quantity", () => {
  const page = render(<Counter start={2} max={9} />);

  type(field(page), "x");
  expect(shown(page)).toBe("");
  press(field(page), "Enter");

  expect(shown(page)).toBe("2");
});

test("it shows the value again when a caller takes a change back", () => {
  const page = render(
    <QuantityStepper label="Quantity" value={2} max={9} onChange={() => undefined} />,
  );

  click(button(page, "One more"));

  expect(shown(page)).toBe("2");
});

function Counter({
  start,
  max,
  onChange,
}: {
  readonly start: number;
  readonly max: number;
  readonly onChange?: (quantity: number) => void;
}) {
  const [quantity, setQuantity] = useState(start);
  return (
    <QuantityStepper
      label="Quantity"
      value={quantity}
      max={max}
      onChange={(next) => {
        setQuantity(next);
        onChange?.(next);
      }}
    />
  );
}

function field(page: ParentNode): HTMLInputElement {
  return only(page, "input") as HTMLInputElement;
}

function shown(page: ParentNode): string {
  return field(page).value;
}
