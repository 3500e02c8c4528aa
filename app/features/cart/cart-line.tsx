import { Link } from "@remix-run/react";
import type { FunctionReturnType } from "convex/server";
import { useId, useState } from "react";
import { useLocale, useTranslations } from "use-intl";

import { Button } from "#app/components/ui/button.tsx";
import { classNames } from "#app/components/ui/class-names.ts";
import { LiveDot } from "#app/components/ui/live-dot.tsx";
import { Price } from "#app/components/ui/price.tsx";
import { QuantityStepper } from "#app/components/ui/quantity-stepper.tsx";
import { Thumb } from "#app/components/ui/tile.tsx";
import { formatMoney } from "#app/lib/format.ts";
import type { api } from "#convex/_generated/api.js";

import { CART_ACTION, type CartActions } from "./use-cart-actions.ts";

export type Cart = FunctionReturnType<typeof api.shop.cart.get>;
export type CartLine = Cart["lines"][number];

const LOW_STOCK = 3;

/**
 * One piece in the cart. Both forms post without scripts as well and come back to the cart page;
 * with them the change shows at once and is taken back with a sentence when the shop refuses it.
 */
export function CartLineItem({
  line,
  actions,
  onRemove,
  compact = false,
  isNew = false,
}: {
  readonly line: CartLine;
  readonly actions: CartActions;
  readonly onRemove: (line: CartLine) => void;
  /** As in the drawer: smaller, without the stock. */
  readonly compact?: boolean;
  /** Says that it was added a moment ago. */
  readonly isNew?: boolean;
}) {
  const t = useTranslations("cart");
  const [problem, setProblem] = useState<string | null>(null);
  const isGone = line.state === "unavailable";
  // In the drawer the cart itself is a second heading.
  const Heading = compact ? "h3" : "h2";

  async function changeQuantity(quantity: number) {
    const outcome = await actions.setQuantity({ lineId: line.id, quantity });
    setProblem(outcome.ok ? null : outcome.message);
  }

  return (
    <li
      className={classNames(
        "grid border-b border-line",
        compact
          ? "grid-cols-[80px_minmax(0,1fr)] gap-x-4 py-4.5"
          : "grid-cols-[88px_minmax(0,1fr)] gap-x-4 py-6 md:grid-cols-[112px_minmax(0,1fr)] md:gap-x-6",
      )}
    >
      <Link to={`/p/${line.productSlug}`} tabIndex={-1} aria-hidden="true">
        <Thumb
          tint={line.tint}
          picture={line.picture}
          size={compact ? 80 : 112}
          className={classNames(!compact && "max-md:size-22")}
        />
      </Link>
      <div className="grid min-w-0 grid-cols-[minmax(0,1fr)_auto] gap-x-4 gap-y-1">
        <div className="min-w-0">
          <Heading className="text-base leading-6 font-semibold">
            <Link to={`/p/${line.productSlug}`} className="hover:underline">
              {line.name}
            </Link>
          </Heading>
          {line.optionLabel !== "" && <p className="text-sm text-ink-2">{line.optionLabel}</p>}
          {isNew && <p className="text-sm text-success">{t("addedNow")}</p>}
        </div>
        <LinePrice line={line} />
        <div className="flex flex-col items-start justify-end gap-2 pt-2">
          {!compact && <LineStock line={line} />}
          <RemoveForm line={line} onRemove={onRemove} />
        </div>
        <div className="justify-self-end pt-2">
          {!isGone && (
            <QuantityForm line={line} onChange={(quantity) => void changeQuantity(quantity)} />
          )}
        </div>
        {problem !== null && (
          <p role="alert" className="col-span-2 pt-1 text-sm text-danger">
            {problem}
          </p>
        )}
        {isGone && <p className="col-span-2 text-sm text-danger">{t("unavailable")}</p>}
      </div>
    </li>
  );
}

function LinePrice({ line }: { readonly line: CartLine }) {
  const t = useTranslations("cart");
  const locale = useLocale();
  return (
    <div className="text-right">
      <Price price={line.lineTotal} />
      {line.quantity > 1 && (
        <p className="text-xs text-ink-3 tabular-nums">
          {t("each", { price: formatMoney(line.unitPrice, locale, "short") })}
        </p>
      )}
    </div>
  );
}

function LineStock({ line }: { readonly line: CartLine }) {
  const t = useTranslations("cart");
  if (line.state !== "ok") return null;
  const isLow = line.available <= LOW_STOCK;
  return (
    <p
      className={classNames(
        "inline-flex items-center gap-[7px] text-sm",
        isLow ? "font-semibold text-warning" : "text-ink-2",
      )}
    >
      {!isLow && <LiveDot state="live" />}
      {isLow ? t("low", { count: line.available }) : t("inStock")}
    </p>
  );
}

function QuantityForm({
  line,
  onChange,
}: {
  readonly line: CartLine;
  readonly onChange: (quantity: number) => void;
}) {
  const t = useTranslations("cart");
  return (
    <form
      method="post"
      action={CART_ACTION}
      className="grid justify-items-end gap-2"
      onSubmit={(event) => event.preventDefault()}
    >
      <LineFields intent="setQuantity" line={line} />
      <QuantityStepper
        name="quantity"
        label={t("quantityOf", { name: nameOf(line) })}
        size="small"
        value={line.quantity}
        max={line.available}
        onChange={onChange}
      />
      <noscript>
        <Button type="submit" size="small">
          {t("update")}
        </Button>
      </noscript>
    </form>
  );
}

function RemoveForm({
  line,
  onRemove,
}: {
  readonly line: CartLine;
  readonly onRemove: (line: CartLine) => void;
}) {
  const t = useTranslations("cart");
  const nameId = useId();
  return (
    <form
      method="post"
      action={CART_ACTION}
      onSubmit={(event) => {
        event.preventDefault();
        onRemove(line);
      }}
    >
      <LineFields intent="remove" line={line} />
      <button
        type="submit"
        aria-labelledby={nameId}
        className="-my-2 py-2 text-sm font-medium underline decoration-ink/40 decoration-1 underline-offset-4 hover:text-accent-text hover:decoration-current"
      >
        <span aria-hidden="true">{t("remove")}</span>
        <span id={nameId} className="sr-only">
          {t("removeNamed", { name: nameOf(line) })}
        </span>
      </button>
    </form>
  );
}

function LineFields({
  intent,
  line,
}: {
  readonly intent: "setQuantity" | "remove";
  readonly line: CartLine;
}) {
  return (
    <>
      <input type="hidden" name="intent" value={intent} />
      <input type="hidden" name="lineId" value={line.id} />
      <input type="hidden" name="redirectTo" value="/cart" />
    </>
  );
}

export function nameOf(line: CartLine): string {
  return line.optionLabel === "" ? line.name : `${line.name}, ${line.optionLabel}`;
}
