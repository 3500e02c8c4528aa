import { useState } from "react";
import { expect, test } from "vitest";

import { click, render } from "#tests/support/render.tsx";

import { OptionGroup } from "./option-group.tsx";
import { chooseVariant, optionChoices, variantQuery, withOption } from "./product-choice.ts";

const mug = {
  options: [
    {
      name: "Colour",
      values: [
        { value: "Ivory", swatch: "#eecab5" },
        { value: "Sage", swatch: "#acc5a5" },
        { value: "Plum", swatch: "#b984a3" },
      ],
    },
    {
      name: "Size",
      values: [
        { value: "Small", swatch: null },
        { value: "Large", swatch: null },
      ],
    },
  ],
  variants: [
    variant("ivory-small", { Colour: "Ivory", Size: "Small" }, 0),
    variant("ivory-large", { Colour: "Ivory", Size: "Large" }, 4),
    variant("sage-small", { Colour: "Sage", Size: "Small" }, 2),
    variant("plum-large", { Colour: "Plum", Size: "Large" }, 0),
  ],
};

test("without a wish the first variant that can be had is chosen", () => {
  expect(chooseVariant(mug, new URLSearchParams())?.id).toBe("ivory-large");
});

test("an address chooses its variant even when that one is sold out", () => {
  const query = variantQuery({ Colour: "Ivory", Size: "Small" });

  expect(query).toBe("?colour=Ivory&size=Small");
  expect(chooseVariant(mug, new URLSearchParams(query))?.id).toBe("ivory-small");
});

test("an address with unknown values still leads to a variant", () => {
  expect(chooseVariant(mug, new URLSearchParams("colour=Tartan"))?.id).toBe("ivory-large");
});

test("a value that is not made with the rest leads to the closest variant that has it", () => {
  expect(withOption(mug, mug.variants[1]!, "Colour", "Sage").id).toBe("sage-small");
});

test("each value says whether it can be had with what else is chosen", () => {
  const [colour, size] = optionChoices(mug, mug.variants[1]!);

  expect(colour?.values.map(({ state }) => state)).toEqual(["available", "missing", "soldOut"]);
  expect(size?.values.map(({ state }) => state)).toEqual(["soldOut", "available"]);
});

test("options are radio buttons whose names hold value and availability", () => {
  const page = render(<Chooser />);
  const colours = radios(page, "colour");

  expect(colours.map(nameOf)).toEqual(["Ivory", "Sage, not made", "Plum, sold out"]);
  expect(colours.map(({ checked }) => checked)).toEqual([true, false, false]);

  click(colours[1]!);

  expect(radios(page, "colour").map(({ checked }) => checked)).toEqual([false, true, false]);
  expect(page.querySelector("legend")?.textContent).toBe("Colour: Sage");
});

function Chooser() {
  const [current, setCurrent] = useState(mug.variants[1]!);
  return (
    <>
      {optionChoices(mug, current).map((option) => (
        <OptionGroup
          key={option.name}
          option={option}
          onChoose={(value) => {
            setCurrent(withOption(mug, current, option.name, value));
          }}
        />
      ))}
    </>
  );
}

function variant(id: string, options: Record<string, string>, available: number) {
  const state = available === 0 ? ("out" as const) : ("in" as const);
  return {
    id,
    options,
    price: { amount: 1900, currency: "EUR" as const },
    stock: { state, available },
  };
}

function radios(page: ParentNode, name: string): HTMLInputElement[] {
  return [...page.querySelectorAll<HTMLInputElement>(`input[type=radio][name=${name}]`)];
}

function nameOf(radio: HTMLInputElement) {
  return radio.closest("label")?.textContent;
}
