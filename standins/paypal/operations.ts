import * as z from "zod";

import type { Operations } from "./api.ts";
import type { Contract } from "./contract.ts";
import type { Ledger, WebhookEvent } from "./ledger.ts";
import type { Orders } from "./orders.ts";
import { PayPalProblem } from "./problems.ts";
import { rawMember } from "./raw-member.ts";
import type { Refunds } from "./refunds.ts";
import type { Resources } from "./resources.ts";
import type { Settings } from "./settings.ts";
import { AUTH_ALGORITHM, type WebhookSigner } from "./signing.ts";
import { EVENT_TYPES, type Webhooks } from "./webhooks.ts";

interface Parts {
  readonly ledger: Ledger;
  readonly contract: Contract;
  readonly orders: Orders;
  readonly refunds: Refunds;
  readonly resources: Resources;
  readonly webhooks: Webhooks;
  readonly signer: WebhookSigner;
  readonly webhookId: string;
  readonly webhookUrl: string | null;
  readonly origin: () => string;
  readonly settings: () => Settings;
  /** Takes a fault out of the settings, so that it happens once. */
  readonly takeFault: <Name extends "nextCapture" | "nextRefund">(name: Name) => Settings[Name];
}

/** What each documented operation does. */
export function paypalOperations(parts: Parts): Operations {
  return {
    ...orderOperations(parts),
    ...paymentOperations(parts),
    ...webhookOperations(parts),
    ...eventOperations(parts),
  };
}

function orderOperations(parts: Parts) {
  const { orders, resources, settings, takeFault } = parts;
  const showOrder = (id: string, wantsRepresentation: boolean) => {
    const order = orders.get(id, "orders.get");
    return wantsRepresentation ? resources.order(order) : resources.minimalOrder(order);
  };
  return {
    "orders.create": {
      kind: "creation",
      replayStatus: 200,
      run: (call) => orders.create(call.body, call.now).id,
      show: (id, call) => showOrder(id, call.wantsRepresentation),
    },
    "orders.get": {
      kind: "read",
      status: 200,
      run: (call) => resources.order(orders.get(call.id, "orders.get")),
    },
    "orders.patch": {
      kind: "command",
      run: (call) => orders.patch(call.id, call.body ?? [], call.now),
    },
    "orders.capture": {
      kind: "creation",
      replayStatus: 200,
      run: (call) => {
        const fault = settings().nextCapture;
        if (fault === "error" || fault === "unavailable") {
          takeFault("nextCapture");
          throw new PayPalProblem(fault === "error" ? 500 : 503);
        }
        return orders.capture(call.id, call.body, call.now).id;
      },
      show: (id, call) => showOrder(id, call.wantsRepresentation),
      breakage: () => {
        const fault = takeFault("nextCapture");
        return fault === "timeout" || fault === "drop" ? fault : null;
      },
    },
  } satisfies Partial<Operations>;
}

function paymentOperations({ refunds, resources, takeFault }: Parts) {
  return {
    "captures.get": {
      kind: "read",
      status: 200,
      run: (call) => resources.capture(refunds.getCapture(call.id, "captures.get"), true),
    },
    "captures.refund": {
      kind: "creation",
      replayStatus: 201,
      run: (call) => refunds.create(call.id, call.body, call.now, takeFault("nextRefund")).id,
      show: (id, call) => {
        const refund = refunds.get(id);
        return call.wantsRepresentation
          ? resources.refund(refund)
          : resources.minimalRefund(refund);
      },
    },
    "refunds.get": {
      kind: "read",
      status: 200,
      run: (call) => resources.refund(refunds.get(call.id)),
    },
  } satisfies Partial<Operations>;
}

function webhookOperations(parts: Parts) {
  return {
    "webhooks.list": {
      kind: "read",
      status: 200,
      run: () => ({ webhooks: parts.webhookUrl === null ? [] : [webhook(parts)] }),
    },
    "webhooks.get": {
      kind: "read",
      status: 200,
      run: (call) => {
        if (call.id !== parts.webhookId || parts.webhookUrl === null) throw new PayPalProblem(404);
        return webhook(parts);
      },
    },
    "verify-webhook-signature.post": {
      kind: "read",
      status: 200,
      run: (call) => ({
        verification_status: isGenuine(parts, call.body, call.rawBody) ? "SUCCESS" : "FAILURE",
      }),
    },
  } satisfies Partial<Operations>;
}

function eventOperations({ ledger, webhooks }: Parts) {
  const findEvent = (id: string): WebhookEvent => {
    const event = ledger.events.find(id);
    if (event === null) throw new PayPalProblem(404);
    return event;
  };
  return {
    "webhooks-events.list": {
      kind: "read",
      status: 200,
      run: (call) => {
        const type = call.query.get("event_type");
        const transaction = call.query.get("transaction_id");
        const events = ledger.events
          .listNewest()
          .filter((event) => type === null || event.type === type)
          .filter((event) => transaction === null || event.resourceId === transaction)
          .slice(0, Number(call.query.get("page_size") ?? 10))
          .map(eventResource);
        return { events, count: events.length };
      },
    },
    "webhooks-events.get": {
      kind: "read",
      status: 200,
      run: (call) => eventResource(findEvent(call.id)),
    },
    "webhooks-events.resend": {
      kind: "read",
      status: 202,
      run: (call) => {
        const event = findEvent(call.id);
        webhooks.resend(event.id);
        return eventResource(event);
      },
    },
  } satisfies Partial<Operations>;
}

const vVerification = z.object({
  auth_algo: z.string(),
  cert_url: z.string(),
  transmission_id: z.string(),
  transmission_sig: z.string(),
  transmission_time: z.string(),
  webhook_id: z.string(),
});

function isGenuine({ signer, webhookId, origin }: Parts, body: unknown, rawBody: string): boolean {
  const fields = vVerification.parse(body);
  const event = rawMember(rawBody, "webhook_event");
  return (
    event !== null &&
    fields.auth_algo === AUTH_ALGORITHM &&
    fields.webhook_id === webhookId &&
    fields.cert_url === `${origin()}${signer.certificatePath}` &&
    signer.verify(
      {
        transmissionId: fields.transmission_id,
        transmissionTime: fields.transmission_time,
        webhookId,
        body: event,
      },
      fields.transmission_sig,
    )
  );
}

function webhook({ webhookId, webhookUrl, origin }: Parts): Record<string, unknown> {
  const href = `${origin()}/v1/notifications/webhooks/${webhookId}`;
  return {
    id: webhookId,
    url: webhookUrl,
    event_types: EVENT_TYPES.map((name) => ({ name, status: "ENABLED" })),
    links: [{ href, rel: "self", method: "GET" }],
  };
}

function eventResource(event: WebhookEvent): unknown {
  return JSON.parse(event.body);
}
