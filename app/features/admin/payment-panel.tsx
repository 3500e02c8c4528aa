import { Check, TriangleAlert } from "lucide-react";
import { useLocale, useTranslations } from "use-intl";

import { classNames } from "#app/components/ui/class-names.ts";
import { Icon } from "#app/components/ui/icon.tsx";
import { Notice } from "#app/components/ui/notice.tsx";
import { Panel } from "#app/components/ui/panel.tsx";
import { VisuallyHidden } from "#app/components/ui/visually-hidden.tsx";
import { formatMoment, formatMoney } from "#app/lib/format.ts";
import type { ClaimedMoney } from "#convex/domain/payment.ts";

import type { AdminOrder } from "./order-steps.ts";
import { type Payment, paymentTruth } from "./payment-truth.ts";

/** What we know of the payments of an order, beside what the provider says. */
export function PaymentPanel({ order }: { readonly order: AdminOrder }) {
  const t = useTranslations("admin.order.truth");
  const methods = useTranslations("orders.payment");
  return (
    <Panel
      title={t("title")}
      aside={<span className="text-sm text-ink-2">{methods(order.payment.method)}</span>}
    >
      {order.payments.length === 0 && <p className="text-sm text-ink-2">{t("empty")}</p>}
      <div className="grid gap-6">
        {order.payments.map((payment) => (
          <PaymentFacts key={payment.id} payment={payment} />
        ))}
      </div>
    </Panel>
  );
}

function PaymentFacts({ payment }: { readonly payment: Payment }) {
  const t = useTranslations("admin.order.truth");
  const show = useShown();
  const truth = paymentTruth(payment);
  const rows = [
    { key: "state", ours: t(`status.${truth.state.ours}`), theirs: truth.state.theirs },
    { key: "amount", ours: show.money(truth.amount.ours), theirs: show.money(truth.amount.theirs) },
    {
      key: "refunded",
      ours: show.money(truth.refunded.ours),
      theirs: show.money(truth.refunded.theirs),
    },
    { key: "reference", ours: truth.reference.ours, theirs: truth.reference.theirs },
    {
      key: "changed",
      ours: show.time(truth.changed.ours),
      theirs: show.time(truth.changed.theirs),
    },
  ] as const;
  return (
    <div className="grid gap-3">
      <div className="overflow-hidden rounded-md border border-line">
        <table className="w-full table-fixed text-xs md:text-sm">
          <caption className="sr-only">{t("title")}</caption>
          <thead className="bg-sunken">
            <tr>
              <td className="w-[26%] px-3 py-2" />
              <th scope="col" className="px-2 py-2 text-right font-semibold">
                {t("ours")}
              </th>
              <th scope="col" className="px-2 py-2 text-right font-semibold">
                {t("theirs")}
              </th>
              <td className="w-9" />
            </tr>
          </thead>
          <tbody>
            {rows.map(({ key, ours, theirs }) => (
              <TruthRow
                key={key}
                label={t(key)}
                ours={ours}
                theirs={theirs}
                compares={key !== "changed"}
                differs={truth.differing.some((differing) => differing === key)}
              />
            ))}
          </tbody>
        </table>
      </div>
      {truth.differing.length > 0 && (
        <Notice tone="warning" role="status">
          {t("differ")}
        </Notice>
      )}
      <ProviderWords payment={payment} />
    </div>
  );
}

function TruthRow({
  label,
  ours,
  theirs,
  compares,
  differs,
}: {
  readonly label: string;
  readonly ours: string | null;
  readonly theirs: string | null;
  readonly compares: boolean;
  readonly differs: boolean;
}) {
  const t = useTranslations("admin.order.truth");
  const isKnown = compares && ours !== null && theirs !== null;
  return (
    <tr
      className={classNames(
        "border-t border-line",
        differs && "bg-warning-soft font-semibold text-warning",
      )}
    >
      <th
        scope="row"
        className={classNames("px-3 py-2 text-left font-normal", !differs && "text-ink-2")}
      >
        {label}
      </th>
      <td className="px-2 py-2 text-right break-words tabular-nums">{ours ?? "–"}</td>
      <td className="px-2 py-2 text-right break-words tabular-nums">{theirs ?? "–"}</td>
      <td className="pr-3">
        {isKnown && (
          <span className={differs ? undefined : "text-success"}>
            <Icon as={differs ? TriangleAlert : Check} size={16} />
            <VisuallyHidden>{t(differs ? "differs" : "agrees")}</VisuallyHidden>
          </span>
        )}
      </td>
    </tr>
  );
}

/** Every word of the provider, the latest first, and what we made of it. */
function ProviderWords({ payment }: { readonly payment: Payment }) {
  const t = useTranslations("admin.order.truth");
  const show = useShown();
  if (payment.facts.length === 0) return null;
  return (
    <details>
      <summary className="inline-flex min-h-11 cursor-pointer items-center text-sm font-medium underline decoration-ink/40 underline-offset-4 md:min-h-8">
        {t("events", { count: payment.facts.length })}
      </summary>
      <ul className="mt-1 grid gap-1 text-xs text-ink-2">
        {payment.facts.toReversed().map(({ at, outcome, fact }, index) => (
          <li key={`${String(at)} ${String(index)}`} className="flex flex-wrap gap-x-3">
            <span className="text-ink-3 tabular-nums">{show.time(at)}</span>
            <span>{t(`source.${fact.source}`)}</span>
            <span className="break-words">
              {fact.claim.kind} {fact.claim.status}
            </span>
            <span>{t(`outcome.${outcome}`)}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}

function useShown() {
  const locale = useLocale();
  return {
    time: (at: number | null) => (at === null ? null : formatMoment(at, locale)),
    money: (money: ClaimedMoney | null) => (money === null ? null : showClaim(money, locale)),
  };
}

// What somebody else claims may be in another currency than ours.
function showClaim({ amount, currency }: ClaimedMoney, locale: string): string {
  return currency === "EUR"
    ? formatMoney({ amount, currency }, locale)
    : `${String(amount)} ${currency}`;
}
