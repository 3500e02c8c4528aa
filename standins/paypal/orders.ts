import * as z from "zod";

import type { Contract, OperationId } from "./contract.ts";
import { newResourceId } from "./identifiers.ts";
import { vPurchaseUnit, type Capture, type Ledger, type Order } from "./ledger.ts";
import { checkUnits, unitPath } from "./order-checks.ts";
import { applyPatch } from "./order-patch.ts";
import { PayPalProblem, type ProblemDetail } from "./problems.ts";
import type { EventSink } from "./webhooks.ts";

/** PayPal counts attempts to capture one order; the exact limit is not documented. */
const MAX_CAPTURE_ATTEMPTS = 10;

const vExperience = z.looseObject({});

const vOrderRequest = z.looseObject({
  intent: z.enum(["CAPTURE", "AUTHORIZE"]),
  purchase_units: z.array(vPurchaseUnit),
  payer: z.looseObject({}).optional(),
  payment_source: z
    .looseObject({
      paypal: z.looseObject({ experience_context: vExperience.optional() }).optional(),
    })
    .optional(),
  application_context: vExperience.optional(),
});

type OrderRequest = z.infer<typeof vOrderRequest>;

/** Orders v2: create, patch and capture. Bodies were checked against the contract before. */
export class Orders {
  readonly #ledger: Ledger;
  readonly #contract: Contract;
  readonly #events: EventSink;
  readonly #merchantId: string;

  constructor(options: {
    readonly ledger: Ledger;
    readonly contract: Contract;
    readonly events: EventSink;
    readonly merchantId: string;
  }) {
    this.#ledger = options.ledger;
    this.#contract = options.contract;
    this.#events = options.events;
    this.#merchantId = options.merchantId;
  }

  /** @throws PayPalProblem 404 */
  get(id: string, operation: OperationId): Order {
    const order = this.#ledger.orders.find(id);
    if (order === null) throw this.#problem(operation, 404, ["INVALID_RESOURCE_ID"]);
    return order;
  }

  /** @throws PayPalProblem 400 or 422 */
  create(body: unknown, now: number): Order {
    const request = vOrderRequest.parse(body);
    this.#requireSupported(request);
    this.#requireReferences(request);
    this.#requireValid("orders.create", request.purchase_units);
    this.#requireFreshInvoices("orders.create", request.purchase_units);
    const wallet = request.payment_source?.paypal;
    const order: Order = {
      id: newResourceId(),
      status: wallet === undefined ? "CREATED" : "PAYER_ACTION_REQUIRED",
      intent: "CAPTURE",
      units: request.purchase_units,
      experience: wallet?.experience_context ?? request.application_context ?? null,
      hasPayPalSource: wallet !== undefined,
      plan: null,
      captureIds: [],
      captureAttempts: 0,
      cancelledAt: null,
      createdAt: now,
      updatedAt: now,
    };
    this.#ledger.orders.put(order);
    return order;
  }

  /** @throws PayPalProblem 400, 404 or 422 */
  patch(id: string, body: unknown, now: number): void {
    const order = this.get(id, "orders.patch");
    if (order.status === "COMPLETED" || order.status === "VOIDED") {
      throw this.#problem("orders.patch", 422, ["ORDER_ALREADY_COMPLETED"]);
    }
    const describe = (status: 400 | 422, candidates: string[], place: Partial<ProblemDetail>) =>
      this.#problem("orders.patch", status, candidates, place);
    const units = applyPatch(order, body, describe);
    const details = this.#contract.checkRequestBody("orders.create", {
      intent: order.intent,
      purchase_units: units,
    });
    if (details.length > 0) throw new PayPalProblem(400, details.map(rewordForPatch));
    this.#requireValid("orders.patch", units);
    this.#ledger.orders.put({ ...order, units, updatedAt: now });
  }

  /**
   * Does what the buyer chose on the approval page.
   * @throws PayPalProblem 404 or 422
   */
  capture(id: string, body: unknown, now: number): Order {
    const order = this.get(id, "orders.capture");
    this.#requireNoSource(body);
    if (order.status === "COMPLETED") throw this.#refusal("ORDER_ALREADY_CAPTURED");
    if (order.status !== "APPROVED" || order.plan === null) {
      throw this.#refusal("ORDER_NOT_APPROVED");
    }
    const attempts = order.captureAttempts + 1;
    if (attempts > MAX_CAPTURE_ATTEMPTS) {
      throw this.#refusal("MAX_NUMBER_OF_PAYMENT_ATTEMPTS_EXCEEDED");
    }
    const attempted = { ...order, captureAttempts: attempts, updatedAt: now };
    this.#ledger.orders.put(attempted);
    this.#requireFreshInvoices("orders.capture", order.units);
    if (order.plan.kind === "decline") throw this.#refusal(order.plan.issue, true);
    const captures = order.units.map((_, index) => newCapture(attempted, index, now));
    for (const capture of captures) this.#ledger.captures.put(capture);
    const completed: Order = {
      ...attempted,
      status: "COMPLETED",
      captureIds: captures.map((capture) => capture.id),
    };
    this.#ledger.orders.put(completed);
    for (const capture of captures) this.#events.captureChanged(capture, now);
    return completed;
  }

  #requireSupported(request: OrderRequest): void {
    if (request.intent === "AUTHORIZE") {
      throw this.#problem("orders.create", 422, ["AUTH_CAPTURE_NOT_ENABLED"], { field: "/intent" });
    }
    const otherSource = Object.keys(request.payment_source ?? {}).find((name) => name !== "paypal");
    if (otherSource !== undefined) {
      throw this.#problem("orders.create", 400, ["NOT_SUPPORTED"], {
        field: `/payment_source/${otherSource}`,
      });
    }
    if (
      request.payment_source?.paypal?.experience_context !== undefined &&
      request.application_context !== undefined
    ) {
      throw this.#problem("orders.create", 422, ["INCOMPATIBLE_PARAMETER_VALUE"], {
        field: "/application_context",
      });
    }
  }

  #requireReferences(request: OrderRequest): void {
    const names = new Set(request.purchase_units.map((unit) => unit.reference_id));
    if (request.purchase_units.length > 1 && names.has("default")) {
      throw this.#problem("orders.create", 422, ["REFERENCE_ID_REQUIRED"], {
        field: "/purchase_units",
      });
    }
  }

  #requireValid(operation: OperationId, units: Order["units"]): void {
    const found = checkUnits(units, this.#merchantId);
    if (found.length === 0) return;
    throw new PayPalProblem(
      422,
      found.map(({ issues, place }) => ({
        ...place,
        location: "body",
        ...this.#contract.describe(operation, 422, issues),
      })),
    );
  }

  /** The account is set to take each invoice number once, which guards against double payment. */
  #requireFreshInvoices(operation: OperationId, units: Order["units"]): void {
    const paid = this.#ledger.captures.list().filter((capture) => capture.status !== "DECLINED");
    const used = new Set(paid.map((capture) => capture.invoiceId));
    const repeated = units.find(
      (unit) => unit.invoice_id !== undefined && used.has(unit.invoice_id),
    );
    if (repeated === undefined) return;
    throw this.#problem(operation, 422, ["DUPLICATE_INVOICE_ID"], {
      field: unitPath(repeated, "/invoice_id"),
      value: repeated.invoice_id ?? "",
    });
  }

  #requireNoSource(body: unknown): void {
    const request = z
      .object({ payment_source: z.unknown() })
      .partial()
      .safeParse(body ?? {});
    if (request.success && request.data.payment_source !== undefined) {
      throw this.#problem("orders.capture", 422, ["PAYMENT_SOURCE_NOT_SUPPORTED"], {
        field: "/payment_source",
      });
    }
  }

  /** @param isOutcome the attempt was made, so its request id is used up */
  #refusal(issue: string, isOutcome = false): PayPalProblem {
    const detail = this.#contract.describe("orders.capture", 422, [issue]);
    return new PayPalProblem(422, [detail], { isOutcome });
  }

  #problem(
    operation: OperationId,
    status: 400 | 404 | 422,
    candidates: readonly string[],
    place: Partial<ProblemDetail> = {},
  ): PayPalProblem {
    const detail = this.#contract.describe(operation, status, candidates);
    return new PayPalProblem(status, [
      { ...place, ...(place.field !== undefined && { location: "body" as const }), ...detail },
    ]);
  }
}

/** A patched value is checked by the rules of a new order, whose issues PATCH documents fewer of. */
function rewordForPatch(detail: ProblemDetail): ProblemDetail {
  return {
    ...detail,
    issue: "INVALID_PARAMETER_SYNTAX",
    description: "The value of a field does not conform to the expected format.",
  };
}

function newCapture(order: Order, index: number, now: number): Capture {
  const unit = order.units[index];
  const plan = order.plan;
  if (unit === undefined || plan === null)
    throw new Error(`Order ${order.id} has no unit ${index}.`);
  const isPending = plan.kind === "pending";
  return {
    id: newResourceId(),
    orderId: order.id,
    status: isPending ? "PENDING" : plan.kind === "deny" ? "DECLINED" : "COMPLETED",
    reason: isPending ? plan.reason : null,
    amount: { currency_code: unit.amount.currency_code, value: unit.amount.value },
    invoiceId: unit.invoice_id ?? null,
    customId: unit.custom_id ?? null,
    refundIds: [],
    isReversed: false,
    createdAt: now,
    updatedAt: now,
  };
}
