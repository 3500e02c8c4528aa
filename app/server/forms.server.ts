import { data } from "@remix-run/node";
import type { z } from "zod";

import { asAppError } from "#app/lib/errors.ts";
import type { FormRefusal } from "#app/lib/forms.ts";
import { isUnavailable } from "#app/server/convex.server.ts";
import type { AppError } from "#convex/domain/errors.ts";

/** Never sent back, so never in a page's source. */
const SECRET = /password|code/i;

type Parsed<Schema extends z.ZodObject> =
  | { readonly ok: true; readonly value: z.output<Schema> }
  | { readonly ok: false; readonly refusal: FormRefusal };

/** Reads a form by its schema; what does not fit becomes one problem per field. */
export function parseForm<Schema extends z.ZodObject>(
  form: FormData,
  schema: Schema,
): Parsed<Schema> {
  const entries = Object.fromEntries(
    [...form].filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
  const parsed = schema.safeParse(entries);
  if (parsed.success) return { ok: true, value: parsed.data };
  const problems: Record<string, AppError> = {};
  for (const issue of parsed.error.issues) {
    const field = String(issue.path[0]);
    problems[field] ??= { code: "INVALID_INPUT", field, reason: reasonOf(issue, entries[field]) };
  }
  return { ok: false, refusal: { values: typedValues(form), problems, formProblem: null } };
}

/**
 * A refusal of the shop as the form's own: beside the field it is about, or above the form. What is no
 * refusal is thrown on.
 */
export function refuseForm(
  error: unknown,
  form: FormData,
  fieldOf: (error: AppError) => string | null = fieldNamed,
) {
  const values = typedValues(form);
  if (isUnavailable(error)) {
    const problem: FormRefusal = { values, problems: {}, formProblem: "unavailable" };
    return data(problem, 503);
  }
  const refusal = asAppError(error);
  if (refusal === null) throw error;
  const field = fieldOf(refusal);
  const problem: FormRefusal =
    field === null
      ? { values, problems: {}, formProblem: refusal }
      : { values, problems: { [field]: refusal }, formProblem: null };
  return data(problem, 400);
}

function fieldNamed(error: AppError): string | null {
  return error.code === "INVALID_INPUT" ? error.field : null;
}

function typedValues(form: FormData): Record<string, string> {
  return Object.fromEntries(
    [...form].filter(
      (entry): entry is [string, string] => typeof entry[1] === "string" && !SECRET.test(entry[0]),
    ),
  );
}

function reasonOf(issue: z.core.$ZodIssue, typed: string | undefined): string {
  if (typed === undefined || typed.trim() === "") return "required";
  return issue.code === "too_big" ? "tooLong" : "format";
}
