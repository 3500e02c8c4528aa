import { useAction, useMutation } from "convex/react";
import type { FunctionReturnType } from "convex/server";
import { useCallback, useRef, useState } from "react";

import { asAppError } from "#app/lib/errors.ts";
import { api } from "#convex/_generated/api.js";
import type { AppError } from "#convex/domain/errors.ts";

type Started = FunctionReturnType<typeof api.shop.checkout.begin>;

/** What the shopper has to read before paying again. */
export type PaymentProblem = AppError | "cancelled" | "failed";

export type PayPalFlow = {
  readonly phase: "idle" | "opening" | "capturing";
  readonly isBusy: boolean;
  readonly problem: PaymentProblem | null;
  readonly createOrder: () => Promise<{ orderId: string }>;
  readonly approve: (approval: { orderId: string }) => Promise<void>;
  readonly cancel: () => void;
  readonly fail: (error: unknown) => void;
  /** The shopper has seen to what the problem was about. */
  readonly dismissProblem: () => void;
};

/**
 * One payment by PayPal: the order begins and its stock is held, PayPal's order is made, the buyer
 * approves, the money is taken. Whatever becomes of the connection, the order's page tells the truth,
 * so everything that is not a refusal ends there.
 */
export function usePayPalFlow({
  start,
  onSettled,
}: {
  /** Begins the payment, or goes on with it. Throws refusals. */
  readonly start: () => Promise<Started>;
  /** Paid, pending, under review or not known yet. */
  readonly onSettled: (orderNumber: string) => void;
}): PayPalFlow {
  const createPayPalOrder = useAction(api.shop.payments.createPayPalOrder);
  const capture = useAction(api.shop.payments.capture);
  const cancelAtProvider = useMutation(api.shop.payments.cancel);
  const [phase, setPhase] = useState<PayPalFlow["phase"]>("idle");
  const [problem, setProblem] = useState<PaymentProblem | null>(null);
  const started = useRef<Started | null>(null);
  const latestStart = useRef(start);
  latestStart.current = start;

  const fail = useCallback((error: unknown) => {
    setPhase("idle");
    // PayPal repeats in its own words what `createOrder` was refused with.
    setProblem((shown) => asAppError(error) ?? shown ?? "failed");
  }, []);

  const createOrder = useCallback(async () => {
    setProblem(null);
    setPhase("opening");
    try {
      started.current = await latestStart.current();
      const { paymentId } = started.current;
      const { payPalOrderId } = await createPayPalOrder({ paymentId });
      return { orderId: payPalOrderId };
    } catch (error) {
      fail(error);
      throw error;
    }
  }, [createPayPalOrder, fail]);

  async function approve({ orderId: payPalOrderId }: { orderId: string }) {
    const payment = started.current;
    if (payment === null) return;
    setPhase("capturing");
    try {
      const { paymentId } = payment;
      const { status, orderNumber, reason } = await capture({ paymentId, payPalOrderId });
      if (status === "declined") fail(declined(reason));
      else onSettled(orderNumber);
    } catch (error) {
      if (asAppError(error) === null) onSettled(payment.orderNumber);
      else fail(error);
    }
  }

  function cancel() {
    setPhase("idle");
    setProblem("cancelled");
    const payment = started.current;
    // Nothing depends on it: a payment that is not approved can be gone on with.
    if (payment !== null) {
      cancelAtProvider({ paymentId: payment.paymentId }).catch(() => undefined);
    }
  }

  const dismissProblem = () => setProblem(null);
  const isBusy = phase !== "idle";
  return { phase, isBusy, problem, createOrder, approve, cancel, fail, dismissProblem };
}

function declined(reason: string | null): AppError {
  return { code: "PAYMENT_DECLINED", reason: reason ?? "" };
}
