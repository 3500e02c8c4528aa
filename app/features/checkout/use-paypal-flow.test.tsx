import { useAction } from "convex/react";
import { getFunctionName } from "convex/server";
import { ConvexError } from "convex/values";
import { act } from "react";
import { beforeEach, expect, test, vi } from "vitest";

import { render } from "#tests/support/render.tsx";
import type { AppError } from "#convex/domain/errors.ts";

import { type PayPalFlow, usePayPalFlow } from "./use-paypal-flow.ts";

vi.mock("convex/react", () => ({
  useAction: vi.fn(),
  useMutation: () => () => Promise.resolve(null),
}));

const STARTED = { orderNumber: "VT-1", paymentId: "payment1" };

const start = vi.fn();
const createPayPalOrder = vi.fn();
const capture = vi.fn();
const onSettled = vi.fn();
let flow: PayPalFlow;

beforeEach(() => {
  start.mockResolvedValue(STARTED);
  createPayPalOrder.mockResolvedValue({ payPalOrderId: "PAYPAL-1" });
  vi.mocked(useAction).mockImplementation(
    (action) =>
      (getFunctionName(action).endsWith("capture") ? capture : createPayPalOrder) as never,
  );
  onSettled.mockReset();
  render(<Harness />);
});

test("an approved payment is captured and leads on, staying busy until then", async () => {
  capture.mockResolvedValue({ status: "paid", orderNumber: "VT-1", reason: null });

  expect(await create()).toEqual({ orderId: "PAYPAL-1" });
  expect(flow.phase).toBe("opening");
  await approve();

  expect(capture).toHaveBeenCalledWith({ paymentId: "payment1", payPalOrderId: "PAYPAL-1" });
  expect(onSettled).toHaveBeenCalledExactlyOnceWith("VT-1");
  expect(flow.phase).toBe("capturing");
});

test("a declined payment can be tried again", async () => {
  capture.mockResolvedValue({ status: "declined", orderNumber: "VT-1", reason: "REFUSED" });

  await create();
  await approve();

  expect(onSettled).not.toHaveBeenCalled();
  expect(flow).toMatchObject({ isBusy: false, problem: { code: "PAYMENT_DECLINED" } });
});

test("a refusal stays, whatever PayPal makes of it afterwards", async () => {
  start.mockRejectedValue(refusal({ code: "QUOTE_STALE" }));

  await expect(create()).rejects.toThrow();
  act(() => flow.fail(new Error("PayPal: the order promise was rejected")));

  expect(flow).toMatchObject({ isBusy: false, problem: { code: "QUOTE_STALE" } });
});

test("a capture that is refused says why and charges nothing", async () => {
  capture.mockRejectedValue(refusal({ code: "LINE_UNAVAILABLE", name: "Solo radio" }));

  await create();
  await approve();

  expect(onSettled).not.toHaveBeenCalled();
  expect(flow.problem).toEqual({ code: "LINE_UNAVAILABLE", name: "Solo radio" });
});

test("a connection that breaks during the capture leads to the order, which knows", async () => {
  capture.mockRejectedValue(new Error("Connection lost while action was in flight"));

  await create();
  await approve();

  expect(onSettled).toHaveBeenCalledExactlyOnceWith("VT-1");
});

test("closing PayPal is no error and the next try begins without it", async () => {
  await create();
  act(() => flow.cancel());
  expect(flow).toMatchObject({ isBusy: false, problem: "cancelled" });

  await create();
  expect(flow.problem).toBeNull();
});

function Harness() {
  flow = usePayPalFlow({ start, onSettled });
  return null;
}

async function create() {
  let result: unknown;
  await act(async () => {
    result = await flow.createOrder().catch((error: unknown) => error);
  });
  if (result instanceof Error) throw result;
  return result;
}

async function approve(): Promise<void> {
  await act(() => flow.approve({ orderId: "PAYPAL-1" }));
}

function refusal(error: AppError) {
  return new ConvexError(error);
}
