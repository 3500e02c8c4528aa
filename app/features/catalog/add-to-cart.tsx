import { useLocation } from "@remix-run/react";
import { useEffect, useRef, useState } from "react";
import { useTranslations } from "use-intl";

import { Button } from "#app/components/ui/button.tsx";
import { Notice } from "#app/components/ui/notice.tsx";
import { Price } from "#app/components/ui/price.tsx";
import { QuantityStepper } from "#app/components/ui/quantity-stepper.tsx";
import { VisuallyHidden } from "#app/components/ui/visually-hidden.tsx";

import type { Variant } from "./buy-box.tsx";

const FORM_ID = "add-to-cart";

/** How the page reaches the cart, which is another feature: the route brings the two together. */
export type CartPort = {
  /** Where the form posts itself without scripts. */
  readonly action: string;
  readonly add: (line: {
    readonly variantId: Variant["id"];
    readonly quantity: number;
  }) => Promise<{ readonly ok: true } | { readonly ok: false; readonly message: string }>;
  /** Shows what the cart holds now. */
  readonly onAdded: (variantId: Variant["id"]) => void;
};

export type Addition = {
  readonly action: string;
  readonly quantity: number;
  readonly setQuantity: (quantity: number) => void;
  readonly busy: boolean;
  /** Why the shop said no, in a sentence. */
  readonly problem: string | null;
  readonly submit: () => Promise<void>;
};

/** One addition at a time: the figure is clear again and the cart is shown once it is in there. */
export function useAddition(variant: Variant | null, cart: CartPort): Addition {
  const [wanted, setWanted] = useState(1);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const quantity = Math.max(1, Math.min(wanted, variant?.stock.available ?? 1));

  async function submit() {
    if (variant === null || busy) return;
    setBusy(true);
    setProblem(null);
    const outcome = await cart.add({ variantId: variant.id, quantity });
    setBusy(false);
    if (!outcome.ok) {
      setProblem(outcome.message);
      return;
    }
    setWanted(1);
    cart.onAdded(variant.id);
  }

  return { action: cart.action, quantity, setQuantity: setWanted, busy, problem, submit };
}

/** Quantity and button: a plain form underneath, which comes back to this page with a notice. */
export function AddToCart({
  name,
  variant,
  addition,
}: {
  readonly name: string;
  readonly variant: Variant;
  readonly addition: Addition;
}) {
  const t = useTranslations("product");
  const { pathname, search } = useLocation();
  const problemRef = useRef<HTMLDivElement>(null);
  const isOut = variant.stock.state === "out";

  useEffect(() => {
    if (addition.problem !== null) problemRef.current?.scrollIntoView({ block: "nearest" });
  }, [addition.problem]);

  return (
    <form
      id={FORM_ID}
      method="post"
      action={addition.action}
      className="grid gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        void addition.submit();
      }}
    >
      <input type="hidden" name="intent" value="add" />
      <input type="hidden" name="variantId" value={variant.id} />
      <input type="hidden" name="redirectTo" value={pathname + search} />
      <div className="flex flex-wrap items-start gap-3">
        <QuantityStepper
          name="quantity"
          label={t("quantityOf", { name })}
          size="large"
          value={addition.quantity}
          max={variant.stock.available}
          disabled={isOut}
          onChange={addition.setQuantity}
        />
        <div className="min-w-40 flex-1 max-md:hidden">
          <AddButton isOut={isOut} busy={addition.busy} />
        </div>
      </div>
      {isOut && <p className="text-sm text-ink-2">{t("stockOutNote")}</p>}
      <div ref={problemRef} role="alert">
        {addition.problem !== null && <Notice tone="danger">{addition.problem}</Notice>}
      </div>
    </form>
  );
}

/** On phones price, stock and button stay at the lower edge. */
export function BuyBar({
  name,
  variant,
  addition,
}: {
  readonly name: string;
  readonly variant: Variant;
  readonly addition: Addition;
}) {
  const t = useTranslations("product");
  const { stock } = variant;
  return (
    <div
      data-bottom-bar
      className="sticky bottom-0 z-header flex items-center gap-4 border-t border-line bg-canvas px-5 pt-3 pb-[calc(0.75rem+env(safe-area-inset-bottom))] md:hidden"
    >
      <p className="min-w-16 leading-[1.2]">
        <VisuallyHidden>{name} </VisuallyHidden>
        <Price price={variant.price} />
        <span className="block text-xs text-ink-3 tabular-nums">
          {stock.state === "out" ? t("stockOut") : t("stockShort", { count: stock.available })}
        </span>
      </p>
      <div className="flex-1">
        <AddButton isOut={stock.state === "out"} busy={addition.busy} />
      </div>
    </div>
  );
}

function AddButton({ isOut, busy }: { readonly isOut: boolean; readonly busy: boolean }) {
  const t = useTranslations("product");
  return (
    <Button
      type="submit"
      form={FORM_ID}
      variant="primary"
      size="large"
      wide
      disabled={isOut}
      busy={busy}
    >
      {isOut ? t("soldOut") : t("addToCart")}
    </Button>
  );
}
