import * as z from "zod";

import { json, type HttpReply, type HttpRequest } from "../http.ts";
import type { PayPalApi } from "./api.ts";
import { DECLINE_ISSUES, NotPossible, PENDING_REASONS, type PaymentActions } from "./buyer.ts";
import type { CapturePlan, Ledger } from "./ledger.ts";
import { vSettingsChange, type Settings } from "./settings.ts";
import type { Webhooks } from "./webhooks.ts";

export interface ControlParts {
  readonly ledger: Ledger;
  readonly actions: PaymentActions;
  readonly api: PayPalApi;
  readonly webhooks: Webhooks;
  readonly settings: () => Settings;
  readonly changeSettings: (change: Partial<Settings>) => void;
}

const vOptions = z
  .object({
    issue: z.enum(DECLINE_ISSUES).default("INSTRUMENT_DECLINED"),
    reason: z.enum(PENDING_REASONS).default("ECHECK"),
  })
  .strict();

/**
 * Steers the stand-in from tests and from its own page:
 *
 * - `POST /_standin/orders/:id/{approve|decline|pending|deny|cancel|reverse-approval}`, with an
 *   optional `{ issue }` for decline and `{ reason }` for pending;
 * - `POST /_standin/captures/:id/{complete|deny|reverse|refund}`;
 * - `POST /_standin/events/:id/resend`;
 * - `POST /_standin/settings` with any of {@link Settings};
 * - `POST /_standin/reset` forgets orders, captures, refunds, events and request ids;
 * - `GET /_standin/state`.
 *
 * Answers 200 with the state, 400 for a bad body, 404 for an unknown id or path, and 409 when the
 * payment is not in a state for it; errors are `{ error: string }`.
 */
export function answerControl(parts: ControlParts, request: HttpRequest, now: number): HttpReply {
  const path = request.path.slice("/_standin/".length);
  try {
    if (request.method === "GET" && path === "state") return json(200, stateOf(parts));
    if (request.method !== "POST") return json(404, { error: "There is nothing here." });
    const done = control(parts, path, parseBody(request), now);
    return done ? json(200, stateOf(parts)) : json(404, { error: "There is nothing here." });
  } catch (error) {
    if (error instanceof NotPossible) return json(error.status, { error: error.message });
    if (error instanceof z.ZodError) return json(400, { error: z.prettifyError(error) });
    if (error instanceof SyntaxError) return json(400, { error: "The body is not JSON." });
    throw error;
  }
}

/**
 * Does one thing; `false` when `path` names none.
 * @throws NotPossible
 * @throws z.ZodError
 */
export function control(parts: ControlParts, path: string, body: unknown, now: number): boolean {
  if (path === "settings") {
    parts.changeSettings(definedOf(vSettingsChange.parse(body)));
    return true;
  }
  if (path === "reset") {
    const { orders, captures, refunds, events, requests } = parts.ledger;
    for (const table of [orders, captures, refunds, events, requests]) table.clear();
    return true;
  }
  const [kind, id, action] = path.split("/");
  if (id === undefined || action === undefined) return false;
  if (kind === "orders") return controlOrder(parts, id, action, body, now);
  if (kind === "captures") return controlCapture(parts, id, action, now);
  if (kind === "events" && action === "resend") {
    if (parts.ledger.events.find(id) === null)
      throw new NotPossible(404, "There is no such event.");
    parts.webhooks.resend(id);
    return true;
  }
  return false;
}

function controlOrder(
  { actions }: ControlParts,
  id: string,
  action: string,
  body: unknown,
  now: number,
): boolean {
  const { issue, reason } = vOptions.parse(body);
  const plans = new Map<string, CapturePlan>([
    ["approve", { kind: "complete" }],
    ["decline", { kind: "decline", issue }],
    ["pending", { kind: "pending", reason }],
    ["deny", { kind: "deny" }],
  ]);
  const plan = plans.get(action);
  if (plan !== undefined) actions.approve(id, plan, now);
  else if (action === "cancel") actions.cancel(id, now);
  else if (action === "reverse-approval") actions.reverseApproval(id, now);
  else return false;
  return true;
}

function controlCapture(
  { actions }: ControlParts,
  id: string,
  action: string,
  now: number,
): boolean {
  if (action === "complete" || action === "deny") actions.settle(id, action, now);
  else if (action === "reverse") actions.reverse(id, now);
  else if (action === "refund") actions.refundOnPayPal(id, now);
  else return false;
  return true;
}

function stateOf({ ledger, api, settings }: ControlParts): Record<string, unknown> {
  return {
    settings: settings(),
    orders: ledger.orders.listNewest(),
    captures: ledger.captures.listNewest(),
    refunds: ledger.refunds.listNewest(),
    events: ledger.events.listNewest(),
    calls: [...api.calls].reverse(),
  };
}

function parseBody(request: HttpRequest): unknown {
  return request.body.length === 0 ? {} : JSON.parse(request.body.toString("utf8"));
}

function definedOf(change: z.infer<typeof vSettingsChange>): Partial<Settings> {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
}
