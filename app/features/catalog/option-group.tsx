import { useTranslations } from "use-intl";

import { classNames } from "#app/components/ui/class-names.ts";
import { VisuallyHidden } from "#app/components/ui/visually-hidden.tsx";

import type { OptionChoice } from "./product-choice.ts";

type Value = OptionChoice["values"][number];

/**
 * One option of a product as a group of radio buttons: arrow keys move, and the name of each says
 * whether it can be had. What is sold out can still be looked at.
 */
export function OptionGroup({
  option,
  onChoose,
}: {
  readonly option: OptionChoice;
  readonly onChoose: (value: string) => void;
}) {
  const isColour = option.values.every(({ swatch }) => swatch !== null);
  return (
    <fieldset>
      <legend className="mb-2 text-sm font-semibold">
        {option.name}: <span className="font-normal">{option.chosen}</span>
      </legend>
      <div
        className={isColour ? "-ml-1.5 flex flex-wrap gap-x-0.5 gap-y-1" : "flex flex-wrap gap-2"}
      >
        {option.values.map((value) => (
          <OptionValue
            key={value.value}
            name={option.param}
            value={value}
            isChosen={value.value === option.chosen}
            onChoose={onChoose}
          />
        ))}
      </div>
    </fieldset>
  );
}

function OptionValue({
  name,
  value,
  isChosen,
  onChoose,
}: {
  readonly name: string;
  readonly value: Value;
  readonly isChosen: boolean;
  readonly onChoose: (value: string) => void;
}) {
  const t = useTranslations("product");
  return (
    <label className="relative inline-grid cursor-pointer place-items-center" title={value.value}>
      <input
        type="radio"
        name={name}
        value={value.value}
        checked={isChosen}
        className="peer absolute inset-0 z-[1] m-0 cursor-pointer opacity-0"
        onChange={() => {
          onChoose(value.value);
        }}
      />
      {value.swatch === null ? (
        <ButtonFace value={value} />
      ) : (
        <SwatchFace swatch={value.swatch} isOut={value.state !== "available"} />
      )}
      <VisuallyHidden>
        {value.swatch !== null && value.value}
        {value.state === "soldOut" && `, ${t("optionSoldOut")}`}
        {value.state === "missing" && `, ${t("optionMissing")}`}
      </VisuallyHidden>
    </label>
  );
}

const focusClass =
  "peer-focus-visible:outline-2 peer-focus-visible:outline-offset-2 peer-focus-visible:outline-focus";

function ButtonFace({ value }: { readonly value: Value }) {
  return (
    <span
      className={classNames(
        "inline-flex min-h-11 min-w-14 items-center justify-center rounded-md border border-line-strong/55 bg-surface px-4 text-ui font-medium peer-checked:border-accent peer-checked:bg-accent-soft peer-checked:text-on-accent-soft peer-checked:shadow-[inset_0_0_0_1px_rgb(var(--accent))] peer-hover:border-ink",
        value.state !== "available" && "text-ink-3 line-through decoration-1",
        focusClass,
      )}
    >
      {value.value}
    </span>
  );
}

/** A 32 px disc in a 44 px target; a stroke through it means that it is not to be had. */
function SwatchFace({ swatch, isOut }: { readonly swatch: string; readonly isOut: boolean }) {
  return (
    <span
      className={classNames(
        "grid size-11 place-items-center rounded-full peer-checked:[&>span]:outline-2 peer-checked:[&>span]:outline-offset-2 peer-checked:[&>span]:outline-accent-text",
        focusClass,
      )}
    >
      <span
        className="relative block size-7.5 overflow-hidden rounded-full border border-ink/16"
        style={{ backgroundColor: swatch }}
      >
        {isOut && (
          <span className="absolute top-1/2 left-1/2 h-[2px] w-10 -translate-1/2 -rotate-45 bg-surface shadow-[0_0_0_1px_rgb(var(--ink)/0.5)]" />
        )}
      </span>
    </span>
  );
}
