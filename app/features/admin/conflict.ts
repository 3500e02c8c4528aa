import { useLocale, useTranslations } from "use-intl";

import { formatMoney } from "#app/lib/format.ts";
import type { FormRefusal } from "#app/lib/forms.ts";
import { money } from "#convex/domain/money.ts";

/** Says what somebody else made of a value meanwhile; null when that is not what was refused. */
export function useConflict(
  refusal: FormRefusal["formProblem"],
  what: "price" | "stock",
): string | null {
  const t = useTranslations("admin.product");
  const locale = useLocale();
  if (refusal === null || refusal === "unavailable" || refusal.code !== "CONFLICT_STALE") {
    return null;
  }
  const { expected: was, actual: now } = refusal;
  if (what === "stock") return t("conflictStock", { was, now });
  const price = (amount: string) => formatMoney(money(Number(amount)), locale);
  return t("conflictPrice", { was: price(was), now: price(now) });
}
