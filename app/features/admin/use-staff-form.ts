import { useActionData, useFetcher, useLocation } from "@remix-run/react";
import { useEffect } from "react";

import { useToast } from "#app/components/ui/toast.tsx";
import { useErrorMessage } from "#app/lib/error-message.ts";
import { type FormRefusal, useFormRefusal } from "#app/lib/forms.ts";
import type { AppError } from "#convex/domain/errors.ts";

/** What an action of these pages answers: the sentence to show, or what to put right. */
export type StaffOutcome = { readonly done: string } | FormRefusal;

/**
 * One of the forms on a page. With scripts it is sent without leaving the page; without them the page
 * comes back, with the refusal beside the form that it belongs to. `subject` tells forms of one intent
 * apart, by the value of their field `variantId`.
 */
export function useStaffForm<Field extends string>(
  intent: string,
  {
    subject = "",
    fields,
    announces = true,
  }: {
    readonly subject?: string;
    readonly fields: readonly Field[];
    /** False where another part of the page has the same form's words. */
    readonly announces?: boolean;
  },
) {
  const { pathname } = useLocation();
  const fetcher = useFetcher<StaffOutcome>({ key: `${pathname} ${intent} ${subject}` });
  const posted = useActionData<StaffOutcome>();
  const describe = useErrorMessage();
  const showToast = useToast();
  const outcome = fetcher.data ?? ownPart(posted, { intent, subject });
  const refusal = outcome !== undefined && !("done" in outcome) ? outcome : null;
  const { formRef, valueOf, problemOf, formMessage } = useFormRefusal<Field>(refusal);

  const { data: answer } = fetcher;
  useEffect(() => {
    if (announces && answer !== undefined && "done" in answer) showToast({ text: answer.done });
  }, [announces, answer, showToast]);

  return {
    Form: fetcher.Form,
    formRef,
    busy: fetcher.state !== "idle",
    /** True from the shop's yes until the next change is sent. */
    isDone: fetcher.state === "idle" && answer !== undefined && "done" in answer,
    valueOf,
    problemOf,
    refusal: refusal?.formProblem ?? null,
    message: formMessage ?? strayMessage(refusal, fields, describe),
  };
}

/** A problem of a field that nobody sees still needs a sentence. */
function strayMessage(
  refusal: FormRefusal | null,
  fields: readonly string[],
  describe: (error: AppError) => string,
): string | null {
  const stray = Object.entries(refusal?.problems ?? {}).find(([field]) => !fields.includes(field));
  return stray === undefined ? null : describe(stray[1]);
}

function ownPart(
  posted: StaffOutcome | undefined,
  { intent, subject }: { readonly intent: string; readonly subject: string },
): StaffOutcome | undefined {
  if (posted === undefined || "done" in posted) return undefined;
  const { values } = posted;
  const isOwn = values["intent"] === intent && (values["variantId"] ?? "") === subject;
  return isOwn ? posted : undefined;
}
