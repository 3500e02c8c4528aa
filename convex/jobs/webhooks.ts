import { v } from "convex/values";

import { internal } from "../_generated/api";
import type { ActionCtx } from "../_generated/server";
import { internalMutation } from "../lib/functions.ts";
import * as Payments from "../model/payments.ts";
import * as Webhooks from "../model/webhooks.ts";
import { readWebhookEvent } from "../providers/payments/paypalFacts.ts";
import { payPal } from "./providers.ts";

const MAX_BODY_BYTES = 256 * 1024;

/**
 * `POST /webhooks/paypal`. The body is verified as it arrived, stored once for each event id, and
 * answered at once; what it means is worked out afterwards. 503 makes PayPal deliver it again.
 */
export async function receivePayPal(ctx: ActionCtx, request: Request): Promise<Response> {
  const bytes = await request.arrayBuffer();
  if (bytes.byteLength > MAX_BODY_BYTES) return answer(413);
  const body = new TextDecoder().decode(bytes);
  const event = readEvent(body);
  if (event === null) return answer(400);
  const verdict = await payPal().verifyWebhook({ headers: request.headers, body });
  if (verdict === "unknown") return answer(503);
  if (verdict === "forged") return answer(400);
  const { id: eventId, type: eventType } = event;
  await ctx.runMutation(internal.jobs.webhooks.receive, { eventId, eventType, body });
  return answer(200);
}

export const receive = internalMutation({
  args: { eventId: v.string(), eventType: v.string(), body: v.string() },
  returns: v.null(),
  handler: async (ctx, event) => {
    await Webhooks.receive(ctx, event);
    return null;
  },
});

/** Applies what a stored event says; one about an order that is not known yet comes again later. */
export const interpret = internalMutation({
  args: { webhookId: v.id("webhookEvents") },
  returns: v.null(),
  handler: async (ctx, { webhookId }) => {
    const body = await Webhooks.findOpen(ctx, webhookId);
    if (body === null) return null;
    const facts = readWebhookEvent(body)?.facts ?? [];
    let known = 0;
    for (const fact of facts) {
      if ((await Payments.applyFact(ctx, fact, payPal().payeeId)) !== null) known += 1;
    }
    await Webhooks.finish(ctx, webhookId, { facts: facts.length, known });
    return null;
  },
});

/** Events whose processing was lost, and events too old to be of use. */
export const sweep = internalMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    await Webhooks.sweep(ctx);
    return null;
  },
});

function readEvent(body: string) {
  try {
    return readWebhookEvent(body);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function answer(status: number): Response {
  return new Response(null, { status });
}
