import { useMutation } from "convex/react";
import { type ReactNode, useRef } from "react";

import { useErrorMessage } from "#app/lib/error-message.ts";
import { type Live, useLive } from "#app/lib/live-query.ts";
import { api } from "#convex/_generated/api.js";

import { CheckoutFrame, NothingToCheckOut } from "./checkout-frame.tsx";
import type { Checkout, Step } from "./checkout-steps.ts";
import { HoldCountdown } from "./hold-countdown.tsx";
import { OrderSummary } from "./order-summary.tsx";

/** What every step is made of, as the loader brings it. */
type CheckoutPageData = {
  readonly checkout: Live<typeof api.shop.checkout.get>;
  readonly cart: Live<typeof api.shop.cart.get>;
  readonly now: number;
};

/** A step with the live order beside it, or the sentence that there is nothing to check out. */
export function CheckoutPage({
  step,
  data,
  isPaying = false,
  children,
}: {
  readonly step: Step;
  readonly data: CheckoutPageData;
  /** While a payment is under way the page stays as it was agreed to. */
  readonly isPaying?: boolean;
  readonly children: (checkout: Checkout) => ReactNode;
}) {
  const live = { checkout: useLive(data.checkout), cart: useLive(data.cart) };
  const agreed = useRef(live);
  if (!isPaying) agreed.current = live;
  const { checkout, cart } = isPaying ? agreed.current : live;
  if (cart.lines.length === 0) return <NothingToCheckOut />;
  return (
    <CheckoutFrame
      step={step}
      checkout={checkout}
      now={data.now}
      summary={
        <OrderSummary quote={checkout.quote} cart={cart}>
          <Hold order={live.checkout.openOrder} quote={checkout.quote} now={data.now} />
        </OrderSummary>
      }
    >
      {children(checkout)}
    </CheckoutFrame>
  );
}

/** For the order that was begun with just this quote. */
function Hold({
  order,
  quote,
  now,
}: {
  readonly order: Checkout["openOrder"];
  readonly quote: Checkout["quote"];
  readonly now: number;
}) {
  const extendHold = useMutation(api.shop.checkout.extendHold);
  const describe = useErrorMessage();
  if (order === null || order.quoteVersion !== quote?.version) return null;
  const { orderId, holdExpiresAt } = order;
  return (
    <HoldCountdown
      // Without a hold, its time is over.
      expiresAt={holdExpiresAt ?? 0}
      now={now}
      onExtend={async () => {
        try {
          await extendHold({ orderId });
          return null;
        } catch (error) {
          return describe(error);
        }
      }}
    />
  );
}
