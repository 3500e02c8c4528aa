import { createHash } from "node:crypto";

import type { Contract, OperationId } from "./contract.ts";
import type { Ledger, RequestRecord } from "./ledger.ts";
import { PayPalProblem } from "./problems.ts";

/** How long PayPal stores a request id, by operation (descriptions of its OpenAPI documents). */
const STORED_FOR_MS: Partial<Record<OperationId, number>> = {
  "orders.create": 6 * 60 * 60 * 1_000,
  "orders.capture": 6 * 60 * 60 * 1_000,
  "captures.refund": 45 * 24 * 60 * 60 * 1_000,
};

export interface IdentifiedRequest {
  readonly operation: OperationId;
  readonly requestId: string;
  readonly path: string;
  readonly body: unknown;
}

/**
 * One effect per `PayPal-Request-Id` and operation. The same id answers with the latest state of what
 * it made, or with the same refusal when the attempt was made and failed; with another body or path it
 * is refused, and while the first is still running it is a conflict.
 */
export class Idempotency {
  readonly #ledger: Ledger;
  readonly #contract: Contract;
  readonly #running = new Set<string>();

  constructor(ledger: Ledger, contract: Contract) {
    this.#ledger = ledger;
    this.#contract = contract;
  }

  /**
   * @param attempt has the effect and returns the id of the resource it made
   * @throws PayPalProblem 400 for a reused id, 409 for a running one, and what `attempt` throws
   */
  async once(
    request: IdentifiedRequest,
    now: () => number,
    attempt: () => Promise<string>,
  ): Promise<{ readonly resourceId: string; readonly isReplay: boolean }> {
    const key = `${request.operation} ${request.requestId}`;
    const fingerprint = fingerprintOf(request);
    if (this.#running.has(key)) throw this.#conflict(request.operation);
    const known = this.#ledger.requests.find(key);
    if (known !== null && known.expiresAt > now()) {
      return { resourceId: this.#replay(known, fingerprint, request), isReplay: true };
    }
    this.#running.add(key);
    try {
      const resourceId = await attempt();
      this.#remember(
        request.operation,
        key,
        fingerprint,
        { kind: "resource", id: resourceId },
        now(),
      );
      return { resourceId, isReplay: false };
    } catch (error) {
      if (error instanceof PayPalProblem && error.isOutcome && error.status === 422) {
        const details = error.details.map(({ issue, description }) => ({
          issue,
          ...(description !== undefined && { description }),
        }));
        const outcome = { kind: "problem" as const, status: 422 as const, details };
        this.#remember(request.operation, key, fingerprint, outcome, now());
      }
      throw error;
    } finally {
      this.#running.delete(key);
    }
  }

  #replay(known: RequestRecord, fingerprint: string, request: IdentifiedRequest): string {
    if (known.fingerprint !== fingerprint) {
      const issues = ["INVALID_PARAMETER_VALUE", "INVALID_PARAMETER_SYNTAX"];
      throw new PayPalProblem(400, [
        {
          field: "PayPal-Request-Id",
          value: request.requestId,
          location: "header",
          ...this.#contract.describe(request.operation, 400, issues),
        },
      ]);
    }
    if (known.outcome.kind === "resource") return known.outcome.id;
    throw new PayPalProblem(
      known.outcome.status,
      known.outcome.details.map(({ issue, description }) =>
        description === undefined ? { issue } : { issue, description },
      ),
    );
  }

  #remember(
    operation: OperationId,
    key: string,
    fingerprint: string,
    outcome: RequestRecord["outcome"],
    now: number,
  ): void {
    const expiresAt = now + (STORED_FOR_MS[operation] ?? 0);
    this.#ledger.requests.put({ key, fingerprint, outcome, expiresAt });
  }

  #conflict(operation: OperationId): PayPalProblem {
    return new PayPalProblem(409, [
      this.#contract.describe(operation, 409, ["PREVIOUS_REQUEST_IN_PROGRESS"]),
    ]);
  }
}

function fingerprintOf(request: IdentifiedRequest): string {
  const text = `${request.path}\n${JSON.stringify(request.body)}`;
  return createHash("sha256").update(text).digest("hex");
}
