import { useTranslations } from "use-intl";

import { Notice } from "#app/components/ui/notice.tsx";
import { TextLink } from "#app/components/ui/text-link.tsx";
import { useErrorMessage } from "#app/lib/error-message.ts";
import type { AppError } from "#convex/domain/errors.ts";

import { stepPath } from "./checkout-steps.ts";
import type { PaymentProblem } from "./use-paypal-flow.ts";

/** Why there was no payment, in a sentence, with the way on. */
export function PaymentProblemNotice({
  problem,
  orderNumber,
  isCartNamed = false,
}: {
  readonly problem: PaymentProblem;
  /** What changed in the cart stands beside it already. */
  readonly isCartNamed?: boolean;
  /** The order that waits for its payment, when there is one. */
  readonly orderNumber: string | null;
}) {
  const t = useTranslations("checkout.payment");
  const describe = useErrorMessage();
  if (problem === "cancelled") {
    return (
      <Notice tone="plain" role="status">
        {t("cancelled")}
      </Notice>
    );
  }
  if (problem === "failed") {
    return (
      <Notice tone="danger" role="alert">
        {t("failed")}
      </Notice>
    );
  }
  if (isCartNamed && isAboutCart(problem)) {
    return (
      <Notice tone="plain" role="status">
        {t("notCharged")}
      </Notice>
    );
  }
  return (
    <Notice tone="danger" role="alert">
      {describe(problem)} <WayOn problem={problem} orderNumber={orderNumber} />
    </Notice>
  );
}

function isAboutCart({ code }: AppError): boolean {
  const codes: readonly string[] = [
    "PRICE_CHANGED",
    "OUT_OF_STOCK",
    "LINE_UNAVAILABLE",
    "QUOTE_STALE",
  ];
  return codes.includes(code);
}

function WayOn({
  problem,
  orderNumber,
}: {
  readonly problem: AppError;
  readonly orderNumber: string | null;
}) {
  const t = useTranslations("checkout.payment");
  switch (problem.code) {
    case "CART_EMPTY":
    case "CART_CHANGED":
    case "LINE_UNAVAILABLE":
    case "OUT_OF_STOCK":
    case "PRICE_CHANGED":
      return <TextLink to="/cart">{t("toCart")}</TextLink>;
    case "INVALID_INPUT":
      return <TextLink to={stepPath("delivery")}>{t("toDelivery")}</TextLink>;
    case "ORDER_NOT_PAYABLE":
    case "PAYMENT_PENDING":
    case "PAYMENT_MISMATCH":
      return orderNumber === null ? (
        <TextLink to="/account/orders">{t("toOrders")}</TextLink>
      ) : (
        <TextLink to={`/account/orders/${orderNumber}`}>
          {t("toOrder", { number: orderNumber })}
        </TextLink>
      );
    default:
      return null;
  }
}
