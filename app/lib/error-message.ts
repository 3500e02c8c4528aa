import { useCallback } from "react";
import { useLocale, useTranslations } from "use-intl";

import type { AppError } from "#convex/domain/errors.ts";

import { asAppError } from "./errors.ts";
import { formatMoney, type Money } from "./format.ts";

type Translate = ReturnType<typeof useTranslations<"errors">>;

/** Says an `AppError`, or whatever was thrown, as a sentence with a way on. */
export function useErrorMessage(): (error: unknown) => string {
  const t = useTranslations("errors");
  const locale = useLocale();
  return useCallback((error) => describeError(error, t, locale), [t, locale]);
}

export function describeError(error: unknown, t: Translate, locale: string): string {
  const appError = asAppError(error);
  if (appError === null) return t("unexpected");
  return t(appError.code, parameters(appError, locale) as never);
}

function parameters(error: AppError, locale: string): Record<string, string | number> {
  switch (error.code) {
    case "RATE_LIMITED":
      return { seconds: Math.ceil(error.retryAfterMs / 1000) };
    case "PRICE_CHANGED":
      return { name: error.name, was: money(error.was, locale), now: money(error.now, locale) };
    default:
      return Object.fromEntries(
        Object.entries(error).filter((entry): entry is [string, string | number] =>
          ["string", "number"].includes(typeof entry[1]),
        ),
      );
  }
}

function money(value: Money, locale: string): string {
  return formatMoney(value, locale);
}
