import type { ShouldRevalidateFunctionArgs } from "@remix-run/react";
import { useEffect, useRef } from "react";
import { useTranslations } from "use-intl";

import type { AppError } from "#convex/domain/errors.ts";

import { useErrorMessage } from "./error-message.ts";

/** What an action gives back when it refuses a form: what was typed, and what to put right where. */
export type FormRefusal = {
  readonly values: Readonly<Record<string, string>>;
  readonly problems: Readonly<Record<string, AppError>>;
  /** What belongs to no field; `unavailable`: the shop was out of reach and nothing was changed. */
  readonly formProblem: AppError | "unavailable" | null;
};

/** What a page needs to show a form again after a refusal; null before one. */
export function useFormRefusal<Field extends string>(refusal: FormRefusal | null | undefined) {
  const describe = useErrorMessage();
  const t = useTranslations("errors");
  const formRef = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (refusal) focusFirstProblem(formRef.current);
  }, [refusal]);

  const formProblem = refusal?.formProblem ?? null;
  return {
    formRef,
    valueOf: (field: Field): string | undefined => refusal?.values[field],
    problemOf: (field: Field): string | null => {
      const problem = refusal?.problems[field];
      return problem === undefined ? null : describe(problem);
    },
    formMessage:
      formProblem === "unavailable"
        ? t("unavailable")
        : formProblem === null
          ? null
          : describe(formProblem),
  };
}

/**
 * A page's `shouldRevalidate`: after a form that could not reach the shop, loading anew would only
 * put an error page in place of what was typed.
 */
export function keepAfterRefusal({
  actionResult,
  defaultShouldRevalidate,
}: Pick<ShouldRevalidateFunctionArgs, "actionResult" | "defaultShouldRevalidate">): boolean {
  const result: unknown = actionResult;
  const isOutOfReach =
    typeof result === "object" &&
    result !== null &&
    "formProblem" in result &&
    result.formProblem === "unavailable";
  return isOutOfReach ? false : defaultShouldRevalidate;
}

function focusFirstProblem(form: HTMLFormElement | null): void {
  form?.querySelector<HTMLElement>("[aria-invalid=true], [data-form-problem]")?.focus();
}
