import { Link } from "@remix-run/react";
import { Check } from "lucide-react";
import { useFormatter, useTranslations } from "use-intl";

import { Button } from "#app/components/ui/button.tsx";
import { classNames } from "#app/components/ui/class-names.ts";
import { IconButton } from "#app/components/ui/icon-button.tsx";
import { LiveValue, useChanged } from "#app/components/ui/live-value.tsx";

import { useConflict } from "./conflict.ts";
import type { ProductRow } from "./product-table.tsx";
import { useLiveField } from "./use-live-field.ts";
import { useStaffForm } from "./use-staff-form.ts";

/** The count of a product in the list: a field when it has one variant, else the way to its page. */
export function StockCell({
  row,
  editable,
}: {
  readonly row: ProductRow;
  readonly editable: boolean;
}) {
  const t = useTranslations("admin.products");
  const format = useFormatter();
  const count = <LiveValue value={row.onHand}>{format.number(row.onHand)}</LiveValue>;
  if (!editable) return count;
  if (row.onlyVariantId === null) {
    return (
      <Link
        to={`/admin/products/${row.id}`}
        title={t("stockIn", { name: row.name })}
        className="relative inline-flex min-h-9 items-center underline decoration-ink/40 underline-offset-4"
      >
        {count}
      </Link>
    );
  }
  return <StockField row={row} variantId={row.onlyVariantId} />;
}

function StockField({ row, variantId }: { readonly row: ProductRow; readonly variantId: string }) {
  const t = useTranslations("admin.products");
  const product = useTranslations("admin.product");
  const form = useStaffForm("adjustStock", { subject: variantId, fields: ["setTo"] });
  const live = String(row.onHand);
  const field = useLiveField(live, { ...form, refused: form.valueOf("setTo") });
  const conflict = useConflict(form.refusal, "stock");
  const changed = useChanged(row.onHand);
  const problem =
    form.problemOf("setTo") ??
    conflict ??
    form.message ??
    (field.moved ? product("movedStock", { now: live }) : null);
  const messageId = `stock-${variantId}-message`;
  return (
    <form.Form
      ref={form.formRef}
      method="post"
      onSubmit={field.send}
      className="relative inline-grid justify-items-end gap-1"
    >
      <input type="hidden" name="intent" value="adjustStock" />
      <input type="hidden" name="variantId" value={variantId} />
      <input type="hidden" name="name" value={row.name} />
      <input type="hidden" name="expected" value={row.onHand} />
      <div className="flex flex-row-reverse items-center gap-1">
        <input
          name="setTo"
          inputMode="numeric"
          autoComplete="off"
          value={field.value}
          onChange={field.onChange}
          aria-label={t("stockOf", { name: row.name })}
          aria-invalid={problem !== null || undefined}
          aria-describedby={problem === null ? undefined : messageId}
          className={classNames(
            "field-control !min-h-9 !w-16 !rounded-[8px] !px-2 !py-1 text-right !text-sm tabular-nums",
            changed && "animate-highlight",
          )}
        />
        <span className="inline-grid size-8">
          {(field.isDirty || form.busy) && (
            <IconButton
              type="submit"
              icon={Check}
              size="small"
              outlined
              label={t("saveStock", { name: row.name })}
              aria-busy={form.busy || undefined}
            />
          )}
        </span>
      </div>
      <noscript>
        <Button type="submit" size="small">
          {product("saveStock")}
        </Button>
      </noscript>
      {problem !== null && (
        <p
          id={messageId}
          role="alert"
          className="w-40 text-right text-xs whitespace-normal text-danger"
        >
          {problem}
        </p>
      )}
    </form.Form>
  );
}
