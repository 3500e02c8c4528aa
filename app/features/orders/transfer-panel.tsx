import type { ReactNode } from "react";
import { useLocale, useTranslations } from "use-intl";

import { Panel } from "#app/components/ui/panel.tsx";
import { formatDay, formatMoney } from "#app/lib/format.ts";

import type { Order } from "./order-steps.ts";

/** Where to send the money, in the order in which a bank asks for it. */
export function TransferPanel({
  transfer,
}: {
  readonly transfer: NonNullable<Order["payment"]["transfer"]>;
}) {
  const t = useTranslations("orders.transfer");
  const locale = useLocale();
  return (
    <Panel title={t("title")}>
      <p className="mb-4 text-ui text-ink-2">
        {t("body", { due: formatDay(transfer.dueAt, locale) })}
      </p>
      <dl className="grid grid-cols-[minmax(84px,auto)_minmax(0,1fr)] gap-x-6 gap-y-1.5 text-ui">
        <Row label={t("amount")}>{formatMoney(transfer.amount, locale)}</Row>
        <Row label={t("holder")}>{transfer.holder}</Row>
        <Row label={t("iban")}>{transfer.iban}</Row>
        <Row label={t("bic")}>{transfer.bic}</Row>
        <Row label={t("bank")}>{transfer.bankName}</Row>
        <Row label={t("purpose")}>{transfer.purpose}</Row>
      </dl>
    </Panel>
  );
}

function Row({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <>
      <dt className="text-ink-3">{label}</dt>
      <dd className="min-w-0 font-medium break-words tabular-nums">{children}</dd>
    </>
  );
}
