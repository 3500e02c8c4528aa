import { useTranslations } from "use-intl";

import { Notice } from "#app/components/ui/notice.tsx";
import { TextButton, TextLink } from "#app/components/ui/text-link.tsx";
import { useErrorMessage } from "#app/lib/error-message.ts";
import type { AppError } from "#convex/domain/errors.ts";

import { stepPath } from "./checkout-steps.ts";

/** Takes note of changed prices and reduced quantities: `action` is where a plain form says so. */
export type Acknowledge = {
  readonly action: string;
  readonly run: () => void;
};

/** What stands between the cart and a payment, one sentence each, and how to get past it. */
export function CartProblems({
  problems,
  acknowledge,
}: {
  readonly problems: readonly AppError[];
  readonly acknowledge: Acknowledge;
}) {
  const t = useTranslations("checkout.payment");
  const describe = useErrorMessage();
  if (problems.length === 0) return null;
  return (
    <Notice tone="warning" role="alert" title={t("problemsTitle")}>
      <ul className="mt-1 grid gap-1">
        {problems.map((problem) => (
          <li key={JSON.stringify(problem)}>
            {problem.code === "INVALID_INPUT" ? null : describe(problem)}
          </li>
        ))}
      </ul>
      <p className="mt-2 flex flex-wrap gap-x-5 gap-y-1">
        {problems.every(canGoOn) && (
          <TextButton
            type="submit"
            name="intent"
            value="acknowledgeChanges"
            formAction={acknowledge.action}
            onClick={(event) => {
              event.preventDefault();
              acknowledge.run();
            }}
          >
            {t("useNew")}
          </TextButton>
        )}
        {problems.some(({ code }) => code === "INVALID_INPUT") ? (
          <TextLink to={stepPath("delivery")}>{t("toDelivery")}</TextLink>
        ) : (
          <TextLink to="/cart">{t("toCart")}</TextLink>
        )}
      </p>
    </Notice>
  );
}

function canGoOn(problem: AppError): boolean {
  return (
    problem.code === "PRICE_CHANGED" || (problem.code === "OUT_OF_STOCK" && problem.available > 0)
  );
}
