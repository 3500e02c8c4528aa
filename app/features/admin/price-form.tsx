import { type FormEvent, useState } from "react";
import { useLocale, useTranslations } from "use-intl";

import { TextField } from "#app/components/ui/field.tsx";
import { TextButton } from "#app/components/ui/text-link.tsx";
import { amountText } from "#app/lib/amount.ts";
import { useErrorMessage } from "#app/lib/error-message.ts";
import { formatMoney } from "#app/lib/format.ts";

import { useConflict } from "./conflict.ts";
import { type PriceField, priceProblems } from "./price-problems.ts";
import type { ProductVariant } from "./product-editor.tsx";
import { useLiveField } from "./use-live-field.ts";
import { useStaffForm } from "./use-staff-form.ts";
import { VariantForm } from "./variant-form.tsx";

const FIELDS = ["price", "compareAtPrice"] as const;

/** Price and former price of a variant, checked here as the shop checks them. */
export function PriceForm({
  variant,
  name,
}: {
  readonly variant: ProductVariant;
  readonly name: string;
}) {
  const t = useTranslations("admin.product");
  const locale = useLocale();
  const describe = useErrorMessage();
  const form = useStaffForm<PriceField>("setPrice", { subject: variant.id, fields: FIELDS });
  const live = amountText(variant.price.amount);
  const liveBefore =
    variant.compareAtPrice === null ? "" : amountText(variant.compareAtPrice.amount);
  const price = useLiveField(live, { ...form, refused: form.valueOf("price") });
  const before = useLiveField(liveBefore, { ...form, refused: form.valueOf("compareAtPrice") });
  const conflict = useConflict(form.refusal, "price");
  const [isChecked, setIsChecked] = useState(false);

  const found = priceProblems({ price: price.value, compareAtPrice: before.value });
  const problemOf = (field: PriceField) => {
    const reason = isChecked ? found[field] : undefined;
    return reason === undefined
      ? form.problemOf(field)
      : describe({ code: "INVALID_INPUT", field, reason });
  };

  function submit(event: FormEvent<HTMLFormElement>) {
    setIsChecked(true);
    const [wrong] = Object.keys(found);
    if (wrong !== undefined) {
      event.preventDefault();
      event.currentTarget.querySelector<HTMLElement>(`[name=${wrong}]`)?.focus();
      return;
    }
    price.send();
    before.send();
  }

  const isDirty = price.isDirty || before.isDirty;
  const amountField = {
    compact: true,
    inputMode: "decimal",
    autoComplete: "off",
    onBlur: () => setIsChecked(isDirty),
  } as const;
  return (
    <VariantForm
      form={form}
      intent="setPrice"
      variantId={variant.id}
      name={name}
      label={t("savePriceOf", { name })}
      expected={variant.price.amount}
      conflict={conflict}
      moved={
        price.moved ? (
          <>
            {t("movedPrice", { now: formatMoney(variant.price, locale) })}{" "}
            <Discard onClick={price.reset} />
          </>
        ) : null
      }
      submitLabel={t("savePrice")}
      isDirty={isDirty}
      onSubmit={submit}
    >
      <TextField
        {...amountField}
        label={t("price")}
        hint={t("priceHint")}
        name="price"
        value={price.value}
        onChange={price.onChange}
        error={problemOf("price")}
      />
      <TextField
        {...amountField}
        label={t("compareAt")}
        hint={t("compareAtHint")}
        name="compareAtPrice"
        value={before.value}
        onChange={before.onChange}
        error={problemOf("compareAtPrice")}
      />
    </VariantForm>
  );
}

function Discard({ onClick }: { readonly onClick: () => void }) {
  const t = useTranslations("admin");
  return <TextButton onClick={onClick}>{t("discard")}</TextButton>;
}
