import { type FormEvent, useState } from "react";
import { useLocale, useTranslations } from "use-intl";

import { Button } from "#app/components/ui/button.tsx";
import { TextField } from "#app/components/ui/field.tsx";
import { Notice } from "#app/components/ui/notice.tsx";
import { TextButton } from "#app/components/ui/text-link.tsx";
import { VisuallyHidden } from "#app/components/ui/visually-hidden.tsx";
import { amountText } from "#app/lib/amount.ts";
import { useErrorMessage } from "#app/lib/error-message.ts";
import { formatMoney } from "#app/lib/format.ts";

import { useConflict } from "./conflict.ts";
import { FormMessage } from "./form-message.tsx";
import { type PriceField, priceProblems } from "./price-problems.ts";
import type { ProductVariant } from "./product-editor.tsx";
import { useLiveField } from "./use-live-field.ts";
import { useStaffForm } from "./use-staff-form.ts";

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

  return (
    <form.Form
      ref={form.formRef}
      method="post"
      noValidate
      aria-label={t("savePriceOf", { name })}
      onSubmit={submit}
      className="grid content-start gap-3"
    >
      <input type="hidden" name="intent" value="setPrice" />
      <input type="hidden" name="variantId" value={variant.id} />
      <input type="hidden" name="expected" value={variant.price.amount} />
      <FormMessage text={conflict ?? form.message} />
      {price.moved && conflict === null && (
        <Notice tone="warning" role="status">
          {t("movedPrice", { now: formatMoney(variant.price, locale) })}{" "}
          <Discard onClick={price.reset} />
        </Notice>
      )}
      <div className="grid items-start gap-3 sm:grid-cols-2">
        <TextField
          compact
          label={t("price")}
          hint={t("priceHint")}
          name="price"
          inputMode="decimal"
          autoComplete="off"
          value={price.value}
          onChange={price.onChange}
          onBlur={() => setIsChecked(price.isDirty || before.isDirty)}
          error={problemOf("price")}
        />
        <TextField
          compact
          label={t("compareAt")}
          hint={t("compareAtHint")}
          name="compareAtPrice"
          inputMode="decimal"
          autoComplete="off"
          value={before.value}
          onChange={before.onChange}
          onBlur={() => setIsChecked(price.isDirty || before.isDirty)}
          error={problemOf("compareAtPrice")}
        />
      </div>
      <div>
        <Button
          type="submit"
          size="compact"
          variant={price.isDirty || before.isDirty ? "primary" : "secondary"}
          busy={form.busy}
        >
          {t("savePrice")}
          <VisuallyHidden>{t("forName", { name })}</VisuallyHidden>
        </Button>
      </div>
    </form.Form>
  );
}

function Discard({ onClick }: { readonly onClick: () => void }) {
  const t = useTranslations("admin");
  return <TextButton onClick={onClick}>{t("discard")}</TextButton>;
}
