import { useTranslations } from "use-intl";

import { LiveDot } from "#app/components/ui/live-dot.tsx";
import { LiveValue } from "#app/components/ui/live-value.tsx";
import type { Stock } from "#app/components/ui/stock-label.tsx";
import { useIsConnected } from "#app/lib/convex-connection.tsx";

/** How many are left, in a box whose height never changes, and whether the figure is live. */
export function StockBox({ stock }: { readonly stock: Stock }) {
  const t = useTranslations("product");
  const connected = useIsConnected();
  const isOut = stock.state === "out";
  return (
    <div className="grid min-h-13 grid-cols-[minmax(0,1fr)_auto] items-center gap-x-4 rounded-md border border-line bg-surface px-4 py-3 text-sm">
      <p className="flex items-center gap-2.5">
        <LiveDot state={isOut ? "off" : "live"} pulse={connected && !isOut} />
        <span>
          {isOut
            ? t("stockOut")
            : t.rich(stock.state === "low" ? "stockLow" : "stockInCount", {
                count: stock.available,
                figure: (chunks) => (
                  <LiveValue
                    value={stock.available}
                    className={
                      stock.state === "low" ? "font-semibold text-warning" : "font-semibold"
                    }
                  >
                    {chunks}
                  </LiveValue>
                ),
              })}
        </span>
      </p>
      <p className="text-ink-3">{connected ? t("live") : t("notLive")}</p>
    </div>
  );
}
