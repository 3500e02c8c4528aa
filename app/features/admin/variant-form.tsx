import type { FormEvent, ReactNode } from "react";
import { useTranslations } from "use-intl";

import { Button } from "#app/components/ui/button.tsx";
import { Notice } from "#app/components/ui/notice.tsx";
import { VisuallyHidden } from "#app/components/ui/visually-hidden.tsx";

import { FormMessage } from "./form-message.tsx";
import type { useStaffForm } from "./use-staff-form.ts";

/** A form that changes one thing of a variant, if it still is what staff saw when they typed. */
export function VariantForm({
  form,
  intent,
  variantId,
  name,
  label,
  expected,
  conflict,
  moved,
  submitLabel,
  isDirty,
  onSubmit,
  children,
}: {
  readonly form: Pick<ReturnType<typeof useStaffForm>, "Form" | "formRef" | "busy" | "message">;
  readonly intent: "setPrice" | "adjustStock";
  readonly variantId: string;
  /** The variant's name, for those who do not see where the form stands. */
  readonly name: string;
  readonly label: string;
  /** The live value that the change starts from. */
  readonly expected: number;
  /** That the change met another one, in words. */
  readonly conflict: string | null;
  /** That the live value has become another one since somebody typed. */
  readonly moved: ReactNode;
  readonly submitLabel: string;
  readonly isDirty: boolean;
  readonly onSubmit: (event: FormEvent<HTMLFormElement>) => void;
  readonly children: ReactNode;
}) {
  const t = useTranslations("admin.product");
  return (
    <form.Form
      ref={form.formRef}
      method="post"
      noValidate
      aria-label={label}
      onSubmit={onSubmit}
      className="grid content-start gap-3"
    >
      <input type="hidden" name="intent" value={intent} />
      <input type="hidden" name="variantId" value={variantId} />
      <input type="hidden" name="expected" value={expected} />
      <FormMessage text={conflict ?? form.message} />
      {moved !== null && conflict === null && (
        <Notice tone="warning" role="status">
          {moved}
        </Notice>
      )}
      <div className="grid items-start gap-3 sm:grid-cols-2">{children}</div>
      <div>
        <Button
          type="submit"
          size="compact"
          variant={isDirty ? "primary" : "secondary"}
          busy={form.busy}
        >
          {submitLabel}
          <VisuallyHidden>{t("forName", { name })}</VisuallyHidden>
        </Button>
      </div>
    </form.Form>
  );
}
