import { randomUUID } from "node:crypto";

import { newEventId } from "./identifiers.ts";
import type { Capture, Ledger, Order, Refund, WebhookEvent } from "./ledger.ts";
import { time, type Resources } from "./resources.ts";
import type { Settings } from "./settings.ts";
import { AUTH_ALGORITHM, type WebhookSigner } from "./signing.ts";

export const EVENT_TYPES = [
  "CHECKOUT.ORDER.APPROVED",
  "CHECKOUT.PAYMENT-APPROVAL.REVERSED",
  "PAYMENT.CAPTURE.COMPLETED",
  "PAYMENT.CAPTURE.DENIED",
  "PAYMENT.CAPTURE.PENDING",
  "PAYMENT.CAPTURE.REFUNDED",
  "PAYMENT.CAPTURE.REVERSED",
] as const;

export type EventType = (typeof EVENT_TYPES)[number];

/** Attempts that are remembered per event. */
const MAX_DELIVERIES_KEPT = 30;
const DELIVERY_TIMEOUT_MS = 30_000;
const MAX_RETRY_MS = 3 * 60 * 60 * 1_000;

/** What happened to money, told by those who moved it. */
export interface EventSink {
  orderApproved(order: Order, now: number): void;
  approvalReversed(order: Order, now: number): void;
  captureChanged(capture: Capture, now: number): void;
  captureReversed(capture: Capture, now: number): void;
  refunded(refund: Refund, now: number): void;
}

/**
 * Sends signed events to the shop. A delivery that is not answered with 2xx is tried again with a
 * growing wait, as PayPal does (up to 25 times). Events outlive a restart.
 */
export class Webhooks implements EventSink {
  readonly #ledger: Ledger;
  readonly #resources: Resources;
  readonly #signer: WebhookSigner;
  readonly #settings: () => Settings;
  readonly #origin: () => string;
  readonly #webhookId: string;
  readonly #webhookUrl: string | null;
  readonly #log: (line: string) => void;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #closed = new AbortController();

  constructor(options: {
    readonly ledger: Ledger;
    readonly resources: Resources;
    readonly signer: WebhookSigner;
    readonly settings: () => Settings;
    readonly origin: () => string;
    readonly webhookId: string;
    readonly webhookUrl: string | null;
    readonly log: (line: string) => void;
  }) {
    this.#ledger = options.ledger;
    this.#resources = options.resources;
    this.#signer = options.signer;
    this.#settings = options.settings;
    this.#origin = options.origin;
    this.#webhookId = options.webhookId;
    this.#webhookUrl = options.webhookUrl;
    this.#log = options.log;
  }

  /** Goes on with the events that were waiting when the stand-in stopped. */
  resume(): void {
    for (const event of this.#ledger.events.list()) {
      if (event.state === "waiting") this.#schedule(event.id, 0);
    }
  }

  close(): void {
    this.#closed.abort();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  orderApproved(order: Order, now: number): void {
    this.#emit("CHECKOUT.ORDER.APPROVED", {
      resourceType: "checkout-order",
      resourceId: order.id,
      resource: this.#resources.order(order),
      summary: "An order has been approved by buyer",
      now,
    });
  }

  approvalReversed(order: Order, now: number): void {
    this.#emit("CHECKOUT.PAYMENT-APPROVAL.REVERSED", {
      resourceType: "payment-approval",
      resourceId: order.id,
      resource: {
        order_id: order.id,
        purchase_units: order.units.map((unit) => ({
          reference_id: unit.reference_id,
          ...(unit.custom_id !== undefined && { custom_id: unit.custom_id }),
          ...(unit.invoice_id !== undefined && { invoice_id: unit.invoice_id }),
        })),
        payment_source: { paypal: {} },
        create_time: time(now),
      },
      summary: "A payment has been reversed after approval.",
      now,
    });
  }

  captureChanged(capture: Capture, now: number): void {
    const amount = `${capture.amount.value} ${capture.amount.currency_code}`;
    const { type, summary } = {
      COMPLETED: { type: "PAYMENT.CAPTURE.COMPLETED", summary: `Payment completed for ${amount}` },
      PENDING: { type: "PAYMENT.CAPTURE.PENDING", summary: `Payment pending for ${amount}` },
      DECLINED: { type: "PAYMENT.CAPTURE.DENIED", summary: `Payment denied for ${amount}` },
      REFUNDED: { type: "PAYMENT.CAPTURE.REFUNDED", summary: `Payment refunded for ${amount}` },
      PARTIALLY_REFUNDED: {
        type: "PAYMENT.CAPTURE.REFUNDED",
        summary: `Payment refunded for ${amount}`,
      },
    }[capture.status] satisfies { type: string; summary: string };
    this.#emit(type, {
      resourceType: "capture",
      resourceId: capture.id,
      resource: this.#resources.capture(capture, true),
      summary,
      now,
    });
  }

  captureReversed(capture: Capture, now: number): void {
    const amount = `${capture.amount.value} ${capture.amount.currency_code}`;
    this.#emit("PAYMENT.CAPTURE.REVERSED", {
      resourceType: "capture",
      resourceId: capture.id,
      resource: this.#resources.capture(capture, true),
      summary: `Payment reversed for ${amount}`,
      now,
    });
  }

  refunded(refund: Refund, now: number): void {
    this.#emit("PAYMENT.CAPTURE.REFUNDED", {
      resourceType: "refund",
      resourceId: refund.id,
      resource: this.#resources.refund(refund),
      summary: `A ${refund.amount.value} ${refund.amount.currency_code} capture payment was refunded`,
      now,
    });
  }

  /** Sends an event once more, whatever became of it before. */
  resend(eventId: string): void {
    const event = this.#ledger.events.find(eventId);
    if (event !== null) this.#schedule(event.id, 0);
  }

  #emit(
    type: string,
    options: {
      readonly resourceType: string;
      readonly resourceId: string;
      readonly resource: Record<string, unknown>;
      readonly summary: string;
      readonly now: number;
    },
  ): void {
    const id = newEventId();
    const href = `${this.#origin()}/v1/notifications/webhooks-events/${id}`;
    const body = JSON.stringify({
      id,
      event_version: "1.0",
      create_time: new Date(options.now).toISOString(),
      resource_type: options.resourceType,
      resource_version: "2.0",
      event_type: type,
      summary: options.summary,
      resource: options.resource,
      links: [
        { href, rel: "self", method: "GET" },
        { href: `${href}/resend`, rel: "resend", method: "POST" },
      ],
    });
    const settings = this.#settings();
    const isDropped = settings.webhookDrop || this.#webhookUrl === null;
    this.#ledger.events.put({
      id,
      type,
      body,
      resourceId: options.resourceId,
      state: isDropped ? "dropped" : "waiting",
      attempts: 0,
      deliveries: [],
      createdAt: options.now,
    });
    if (!isDropped) this.#schedule(id, settings.webhookDelayMs);
  }

  #schedule(eventId: string, delayMs: number): void {
    if (this.#closed.signal.aborted) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#deliver(eventId).catch((error: unknown) => {
        this.#log(`webhook ${eventId}: ${String(error)}`);
      });
    }, delayMs);
    this.#timers.add(timer);
  }

  async #deliver(eventId: string): Promise<void> {
    const event = this.#ledger.events.find(eventId);
    if (event === null || this.#webhookUrl === null) return;
    const copies = 1 + this.#settings().webhookDuplicates;
    const url = this.#webhookUrl;
    const results = await Promise.all(Array.from({ length: copies }, () => this.#send(url, event)));
    if (this.#closed.signal.aborted) return;
    const latest = this.#ledger.events.find(eventId);
    if (latest === null) return; // Forgotten by a reset while it was on its way.
    const isDelivered = results.some(
      ({ status }) => status !== null && status >= 200 && status < 300,
    );
    const attempts = latest.attempts + 1;
    const settings = this.#settings();
    const mayRetry = !isDelivered && attempts < settings.webhookMaxAttempts;
    this.#ledger.events.put({
      ...latest,
      state: isDelivered ? "delivered" : mayRetry ? "waiting" : "failed",
      attempts,
      deliveries: [...latest.deliveries, ...results].slice(-MAX_DELIVERIES_KEPT),
    });
    if (!mayRetry) return;
    this.#schedule(eventId, Math.min(settings.webhookRetryMs * 2 ** (attempts - 1), MAX_RETRY_MS));
  }

  async #send(url: string, event: WebhookEvent): Promise<WebhookEvent["deliveries"][number]> {
    const transmissionId = randomUUID();
    const at = Date.now();
    const transmissionTime = time(at);
    const signature = this.#signer.sign({
      transmissionId,
      transmissionTime,
      webhookId: this.#webhookId,
      body: event.body,
    });
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "user-agent": "PayPal/AUHD-214.0-58843803",
          "paypal-auth-algo": AUTH_ALGORITHM,
          "paypal-auth-version": "v2",
          "paypal-cert-url": `${this.#origin()}${this.#signer.certificatePath}`,
          "paypal-transmission-id": transmissionId,
          "paypal-transmission-sig": signature,
          "paypal-transmission-time": transmissionTime,
        },
        body: event.body,
        redirect: "manual",
        signal: AbortSignal.any([this.#closed.signal, AbortSignal.timeout(DELIVERY_TIMEOUT_MS)]),
      });
      await response.body?.cancel();
      return { transmissionId, at, status: response.status, error: null };
    } catch (error) {
      const reason = error instanceof Error ? (error.cause ?? error) : error;
      return { transmissionId, at, status: null, error: String(reason) };
    }
  }
}
