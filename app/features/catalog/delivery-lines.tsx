import { RotateCcw, Truck } from "lucide-react";
import type { FunctionReturnType } from "convex/server";
import type { ReactNode } from "react";
import { useLocale, useTranslations } from "use-intl";

import { Icon, type IconComponent } from "#app/components/ui/icon.tsx";
import { formatMoney } from "#app/lib/format.ts";
import type { api } from "#convex/_generated/api.js";

export type DeliveryMethod = FunctionReturnType<
  typeof api.shop.settings.get
>["deliveryMethods"][number];

/** What delivery takes and costs, and that a piece may come back; in plain lines by the button. */
export function DeliveryLines({ methods }: { readonly methods: readonly DeliveryMethod[] }) {
  const t = useTranslations("product");
  return (
    <ul className="border-t border-line">
      {methods.map((method) => (
        <FactLine key={method.id} icon={Truck}>
          <DeliverySentence method={method} />
        </FactLine>
      ))}
      <FactLine icon={RotateCcw}>{t.rich("returnsLine", { strong })}</FactLine>
    </ul>
  );
}

export function DeliverySentence({ method }: { readonly method: DeliveryMethod }) {
  const t = useTranslations("product");
  const locale = useLocale();
  const price = formatMoney(method.price, locale, "exact");
  return (
    <>
      {t.rich("deliveryLine", {
        method: method.name,
        days:
          method.minDays === method.maxDays
            ? String(method.maxDays)
            : `${method.minDays}–${method.maxDays}`,
        maxDays: method.maxDays,
        strong,
      })}{" "}
      {method.freeFrom === null
        ? t("deliveryPriceFlat", { price })
        : t("deliveryPrice", { price, freeFrom: formatMoney(method.freeFrom, locale, "short") })}
    </>
  );
}

function FactLine({
  icon,
  children,
}: {
  readonly icon: IconComponent;
  readonly children: ReactNode;
}) {
  return (
    <li className="flex gap-3.5 border-b border-line py-3.5 text-ui">
      <Icon as={icon} className="mt-px text-ink-2" />
      <span className="text-pretty">{children}</span>
    </li>
  );
}

function strong(chunks: ReactNode) {
  return <strong className="font-semibold">{chunks}</strong>;
}
