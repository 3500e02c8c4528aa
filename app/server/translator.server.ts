import { createTranslator } from "use-intl";

import { describeError } from "#app/lib/error-message.ts";
import messages from "#app/messages/en.json";
import type { AppError } from "#convex/domain/errors.ts";

const LOCALE = "en";

/** Interface texts for what the server says itself, such as a notice on the next page. */
export const translate = createTranslator({ locale: LOCALE, messages });

const translateError = createTranslator({ locale: LOCALE, messages, namespace: "errors" });

export function sentenceFor(error: AppError | "unavailable"): string {
  return error === "unavailable"
    ? translateError("unavailable")
    : describeError(error, translateError, LOCALE);
}
