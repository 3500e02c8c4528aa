import { useLocale, useTranslations } from "use-intl";

import { Notice } from "#app/components/ui/notice.tsx";
import { TextButton } from "#app/components/ui/text-link.tsx";
import { formatMoney } from "#app/lib/format.ts";

import { type Cart, type CartLine, nameOf } from "./cart-line.tsx";
import { CART_ACTION, type CartActions } from "./use-cart-actions.ts";

/** What happened to prices and stock since the pieces were put in: one sentence a line, by name. */
export function CartChanges({
  cart,
  actions,
}: {
  readonly cart: Cart;
  readonly actions: CartActions;
}) {
  const t = useTranslations("cart");
  const changed = cart.lines.filter((line) => line.priceWas !== null || line.state !== "ok");
  if (changed.length === 0) return null;
  const isSettled = changed.every((line) => line.state !== "unavailable");
  return (
    <Notice role="status" tone={isSettled ? "accent" : "warning"}>
      <ul className="grid gap-1">
        {changed.map((line) => (
          <li key={line.id}>
            <ChangeSentence line={line} />
          </li>
        ))}
      </ul>
      {isSettled && (
        <form
          method="post"
          action={CART_ACTION}
          className="mt-2"
          onSubmit={(event) => {
            event.preventDefault();
            void actions.acknowledgeChanges();
          }}
        >
          <input type="hidden" name="intent" value="acknowledgeChanges" />
          <input type="hidden" name="redirectTo" value="/cart" />
          <TextButton type="submit">{t("understood")}</TextButton>
        </form>
      )}
    </Notice>
  );
}

function ChangeSentence({ line }: { readonly line: CartLine }) {
  const t = useTranslations("cart.changes");
  const locale = useLocale();
  const name = nameOf(line);
  if (line.state === "unavailable") return <>{t("unavailable", { name })}</>;
  return (
    <>
      {line.state === "reduced" && t("reduced", { name, count: line.available })}
      {line.state === "reduced" && line.priceWas !== null && " "}
      {line.priceWas !== null &&
        t("price", {
          name,
          now: formatMoney(line.unitPrice, locale, "short"),
          was: formatMoney(line.priceWas, locale, "short"),
        })}
    </>
  );
}
