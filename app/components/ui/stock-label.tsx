import { useTranslations } from "use-intl";

import { classNames } from "./class-names.ts";
import { LiveDot } from "./live-dot.tsx";
import { LiveValue } from "./live-value.tsx";

export type Stock = {
  readonly state: "in" | "low" | "out";
  /** Pieces that can be had now. */
  readonly available: number;
};

/** In stock, "Only 2 left" or sold out: a dot where there is no figure, and always a word. */
export function StockLabel({ stock }: { readonly stock: Stock }) {
  const t = useTranslations("ui.stock");
  return (
    <span
      className={classNames(
        "inline-flex items-center gap-[7px] text-sm whitespace-nowrap",
        stock.state === "in" && "text-ink-2",
        stock.state === "low" && "font-semibold text-warning",
        stock.state === "out" && "text-ink-3",
      )}
    >
      {stock.state !== "low" && <LiveDot state={stock.state === "in" ? "live" : "off"} />}
      <LiveValue value={stock.state === "low" ? stock.available : stock.state}>
        {stock.state === "low" ? t("low", { count: stock.available }) : t(stock.state)}
      </LiveValue>
    </span>
  );
}
