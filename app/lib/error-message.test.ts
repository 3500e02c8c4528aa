import { ConvexError } from "convex/values";
import { createTranslator } from "use-intl";
import { expect, test } from "vitest";

import messages from "#app/messages/en.json";
import type { AppError } from "#convex/domain/errors.ts";

import { describeError } from "./error-message.ts";

const t = createTranslator({ locale: "en", messages, namespace: "errors" });

const eur = (amount: number) => ({ amount, currency: "EUR" }) as const;

const samples: [AppError, string][] = [
  [{ code: "NOT_FOUND", what: "order" }, "This order is not here any more."],
  [
    { code: "RATE_LIMITED", retryAfterMs: 41_001 },
    "That was a bit often. Try again in 42 seconds.",
  ],
  [{ code: "WEAK_PASSWORD", reason: "short", min: 10 }, "Use at least 10 characters."],
  [{ code: "OUT_OF_STOCK", sku: "A", name: "Sol mirror", available: 0 }, "Sol mirror is sold out."],
  [
    { code: "OUT_OF_STOCK", sku: "A", name: "Sol mirror", available: 2 },
    "Only 2 of Sol mirror are left.",
  ],
  [
    { code: "PRICE_CHANGED", name: "Sol mirror", was: eur(7900), now: eur(8450) },
    "The price of Sol mirror changed from €79.00 to €84.50.",
  ],
  [{ code: "INVALID_INPUT", field: "city", reason: "required" }, "Fill this in."],
  [
    { code: "INVALID_INPUT", field: "email", reason: "format" },
    "Enter an address like name@example.com.",
  ],
];

test.each(samples)("%j is a sentence with a way on", (error, sentence) => {
  expect(describeError(error, t, "en")).toBe(sentence);
  expect(describeError(new ConvexError(error), t, "en")).toBe(sentence);
});

test("a name with braces or markup stays text", () => {
  const error: AppError = { code: "LINE_UNAVAILABLE", name: "{count} <b>mirror</b>" };
  expect(describeError(error, t, "en")).toBe(
    "{count} <b>mirror</b> cannot be ordered any more. Remove it to go on.",
  );
});

test.each([new Error("secret"), null, { code: 42 }, { code: "no code" }, "text"])(
  "what is no refusal says nothing of its inside: %j",
  (error) => {
    expect(describeError(error, t, "en")).toBe("Something went wrong here. Try again.");
  },
);
