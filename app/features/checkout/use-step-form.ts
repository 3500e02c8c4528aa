import { type FocusEvent, type FormEvent, useEffect, useState } from "react";

import { useErrorMessage } from "#app/lib/error-message.ts";
import { type FormRefusal, useFormRefusal } from "#app/lib/forms.ts";
import type { FieldProblem } from "#convex/domain/address.ts";

import { useDraft } from "./drafts.tsx";

type Values<Field extends string> = Readonly<Record<Field, string>>;

/**
 * A form of the checkout: starts from what was typed, else from what is saved; a field is checked
 * when it is left, never while it is being typed into, by the rules that the shop itself uses.
 */
export function useStepForm<Field extends string>(
  name: string,
  {
    saved,
    refusal,
    check,
  }: {
    readonly saved: Values<Field>;
    readonly refusal: FormRefusal | null;
    readonly check: (values: Values<Field>) => readonly FieldProblem<Field>[];
  },
) {
  const fields = Object.keys(saved) as Field[];
  const describe = useErrorMessage();
  const refused = useFormRefusal<Field>(refusal);
  const draft = useDraft(name, saved);
  const [start] = useState(draft.values);
  const [checked, setChecked] = useState<Partial<Record<Field, string | null>>>({});
  useEffect(() => setChecked({}), [refusal]);

  const problemOf = (field: Field) => {
    const found = checked[field];
    return found === undefined ? refused.problemOf(field) : found;
  };
  const isField = (candidate: string): candidate is Field => candidate in saved;

  function leaveField({ target, currentTarget }: FocusEvent<HTMLFormElement>) {
    const { name: left, value } = target as unknown as { name: string; value?: unknown };
    // Going past an empty field is no mistake yet.
    if (!isField(left) || (value === "" && problemOf(left) === null)) return;
    const problem = check(valuesOf(currentTarget, fields)).find(({ field }) => field === left);
    const { reason = null } = problem ?? {};
    const message =
      reason === null ? null : describe({ code: "INVALID_INPUT", field: left, reason });
    setChecked((shown) => ({ ...shown, [left]: message }));
  }

  return {
    formProps: {
      ref: refused.formRef,
      noValidate: true,
      onBlur: leaveField,
      onChange: ({ currentTarget }: FormEvent<HTMLFormElement>) =>
        draft.remember(valuesOf(currentTarget, fields)),
    },
    field: (field: Field) => ({
      id: `${name}-${field}`,
      name: field,
      defaultValue: refused.valueOf(field) ?? start?.[field] ?? saved[field],
      error: problemOf(field),
    }),
    /** What the refusal named, for the summary above the form. */
    problems: fields.flatMap((field) => {
      const message = refused.problemOf(field);
      return message === null ? [] : [{ id: `${name}-${field}`, field, message }];
    }),
    formMessage: refused.formMessage,
  };
}

function valuesOf<Field extends string>(
  form: HTMLFormElement,
  fields: readonly Field[],
): Values<Field> {
  const data = new FormData(form);
  const entries = fields.map((field) => {
    const value = data.get(field);
    return [field, typeof value === "string" ? value : ""] as const;
  });
  return Object.fromEntries(entries) as Values<Field>;
}
