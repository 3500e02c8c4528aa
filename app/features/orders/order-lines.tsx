import { Link } from "@remix-run/react";
import { useTranslations } from "use-intl";

import { Price } from "#app/components/ui/price.tsx";
import { Thumb } from "#app/components/ui/tile.tsx";

import type { Order } from "./order-steps.ts";

/** What was bought, as it was called and what it cost then. */
export function OrderLines({ order }: { readonly order: Order }) {
  const t = useTranslations("orders");
  return (
    <section aria-labelledby="order-lines">
      <h2 id="order-lines" className="font-display text-h2">
        {t("parcel")}
      </h2>
      <ul className="mt-4 border-t border-line">
        {order.lines.map((line) => (
          <li
            key={line.sku}
            className="grid grid-cols-[88px_minmax(0,1fr)_auto] items-center gap-x-5 border-b border-line py-4.5"
          >
            <Thumb tint={line.tint} picture={line.picture} size={88} />
            <div className="min-w-0">
              <h3 className="text-base font-semibold">
                <Link to={`/p/${line.productSlug}`} className="hover:underline">
                  {line.name}
                </Link>
              </h3>
              <p className="text-sm text-ink-2">
                {line.optionLabel !== "" && `${line.optionLabel}, `}
                {t("pieces", { count: line.quantity })}
              </p>
            </div>
            <Price price={line.lineTotal} />
          </li>
        ))}
      </ul>
    </section>
  );
}
