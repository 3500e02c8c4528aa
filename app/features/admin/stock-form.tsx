import { useTranslations } from "use-intl";

import { TextField } from "#app/components/ui/field.tsx";
import { LiveValue } from "#app/components/ui/live-value.tsx";

import { useConflict } from "./conflict.ts";
import type { ProductVariant } from "./product-editor.tsx";
import { useLiveField } from "./use-live-field.ts";
import { useStaffForm } from "./use-staff-form.ts";
import { VariantForm } from "./variant-form.tsx";

const FIELDS = ["setTo", "reason"] as const;
const REASONS = ["counted", "delivered", "damaged", "returned"] as const;

/** Sets the count of a variant right, and says why; others see that in the log. */
export function StockForm({
  variant,
  name,
}: {
  readonly variant: ProductVariant;
  readonly name: string;
}) {
  const t = useTranslations("admin.product");
  const form = useStaffForm<(typeof FIELDS)[number]>("adjustStock", {
    subject: variant.id,
    fields: FIELDS,
  });
  const live = String(variant.onHand);
  const count = useLiveField(live, { ...form, refused: form.valueOf("setTo") });
  const reason = useLiveField("", { ...form, refused: form.valueOf("reason") });
  const conflict = useConflict(form.refusal, "stock");
  const listId = `reasons-${variant.id}`;
  return (
    <VariantForm
      form={form}
      intent="adjustStock"
      variantId={variant.id}
      name={name}
      label={t("saveStockOf", { name })}
      expected={variant.onHand}
      conflict={conflict}
      moved={count.moved ? t("movedStock", { now: live }) : null}
      submitLabel={t("saveStock")}
      isDirty={count.isDirty}
      onSubmit={() => {
        count.send();
        reason.send();
      }}
    >
      <TextField
        compact
        label={t("setTo")}
        name="setTo"
        inputMode="numeric"
        autoComplete="off"
        value={count.value}
        onChange={count.onChange}
        error={form.problemOf("setTo")}
      />
      <TextField
        compact
        label={t("reason")}
        hint={t("reasonHint")}
        name="reason"
        list={listId}
        maxLength={200}
        autoComplete="off"
        value={reason.value}
        onChange={reason.onChange}
        error={form.problemOf("reason")}
      />
      <datalist id={listId}>
        {REASONS.map((known) => (
          <option key={known} value={t(`reasons.${known}`)} />
        ))}
      </datalist>
    </VariantForm>
  );
}

/** What there is of a variant, as it moves. */
export function StockFigures({ variant }: { readonly variant: ProductVariant }) {
  const t = useTranslations("admin.product");
  return (
    <dl className="flex flex-wrap gap-x-6 gap-y-1 text-sm">
      {(["onHand", "held", "available"] as const).map((figure) => (
        <div key={figure} className="flex gap-2">
          <dt className="text-ink-2">{t(figure)}</dt>
          <dd className="font-semibold">
            <LiveValue value={variant[figure]}>{variant[figure]}</LiveValue>
          </dd>
        </div>
      ))}
    </dl>
  );
}
