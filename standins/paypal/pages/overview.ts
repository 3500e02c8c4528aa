import type { HttpReply } from "../../http.ts";
import { html, pageReply, type Html } from "../../page.ts";
import type { CallRecord } from "../api.ts";
import type { Capture, Ledger, Order, WebhookEvent } from "../ledger.ts";
import type { Settings } from "../settings.ts";
import { display } from "./checkout.ts";

const MAX_ROWS = 50;

export interface Overview {
  readonly ledger: Ledger;
  readonly settings: Settings;
  readonly calls: readonly CallRecord[];
  readonly webhookUrl: string | null;
  /** What became of the last action, or `null`. */
  readonly message: string | null;
}

/** `GET /`: orders, captures, webhooks and calls, with what can be done to them. */
export function showOverview(view: Overview, nonce: string): HttpReply {
  const { ledger } = view;
  return pageReply({
    title: "PayPal stand-in",
    nonce,
    body: html`<main>
      <h1>PayPal stand-in</h1>
      <p>
        Answers the shop as PayPal does, on this machine only. No money moves.
        <a href="/">Refresh</a>
      </p>
      ${view.message !== null && html`<p class="note" role="status">${view.message}</p>`}
      ${table("Orders", ["Order", "Made", "Invoice", "Amount", "State", "At capture", "Do"], ledger.orders.listNewest().map(orderRow))}
      ${table("Captures", ["Capture", "Made", "Amount", "State", "Refunds", "Do"], ledger.captures.listNewest().map(captureRow))}
      <h2 id="settings">Webhooks and faults</h2>
      <p class="quiet">
        ${view.webhookUrl === null ? "No webhook address is set." : `Webhooks go to ${view.webhookUrl}.`}
      </p>
      ${settingsForm(view.settings)}
      ${table("Webhook events", ["Event", "Made", "Resource", "State", "Attempts", "Last answer", "Do"], ledger.events.listNewest().map(eventRow))}
      ${table("Calls to the API", ["Time", "Call", "Status", "Issues", "Request id", "Debug id"], [...view.calls].reverse().map(callRow))}
    </main>`,
  });
}

function table(title: string, columns: readonly string[], rows: readonly Html[]): Html {
  const id = title.toLowerCase().replaceAll(" ", "-");
  if (rows.length === 0)
    return html`<h2 id="${id}">${title}</h2>
      <p class="quiet">None yet.</p>`;
  return html`<h2 id="${id}">${title}</h2>
    <div class="scroll" role="region" aria-labelledby="${id}" tabindex="0">
      <table>
        <thead>
          <tr>
            ${columns.map((column) => html`<th scope="col">${column}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.slice(0, MAX_ROWS)}
        </tbody>
      </table>
    </div>`;
}

function orderRow(order: Order): Html {
  const [unit] = order.units;
  const isOpen = order.status !== "COMPLETED" && order.status !== "VOIDED";
  return html`<tr>
    <th scope="row"><code>${order.id}</code></th>
    <td>${clock(order.createdAt)}</td>
    <td>${unit?.invoice_id ?? "–"}</td>
    <td>${unit === undefined ? "–" : display(unit.amount)}</td>
    <td>${badge(order.status)}${order.cancelledAt !== null && html` ${badge("CANCELLED")}`}</td>
    <td>${order.plan === null ? "–" : order.plan.kind}</td>
    <td>
      ${isOpen && html`<a href="/checkoutnow?token=${order.id}">Open</a> `}${isOpen && action(`orders/${order.id}/approve`, "Approve", order.id)}${isOpen && action(`orders/${order.id}/decline`, "Decline", order.id)}${isOpen && action(`orders/${order.id}/pending`, "Pending", order.id)}${order.status === "APPROVED" && action(`orders/${order.id}/reverse-approval`, "Take approval back", order.id)}
    </td>
  </tr>`;
}

function captureRow(capture: Capture): Html {
  const isPending = capture.status === "PENDING";
  const isPaid = capture.status === "COMPLETED" && !capture.isReversed;
  return html`<tr>
    <th scope="row"><code>${capture.id}</code></th>
    <td>${clock(capture.createdAt)}</td>
    <td>${display(capture.amount)}</td>
    <td>
      ${badge(capture.status)}${capture.reason !== null && html` ${capture.reason}`}${capture.isReversed && html` ${badge("REVERSED")}`}
    </td>
    <td>${capture.refundIds.length}</td>
    <td>
      ${isPending && action(`captures/${capture.id}/complete`, "Complete", capture.id)}${isPending && action(`captures/${capture.id}/deny`, "Deny", capture.id)}${isPaid && action(`captures/${capture.id}/refund`, "Refund", capture.id)}${isPaid && action(`captures/${capture.id}/reverse`, "Reverse", capture.id)}
    </td>
  </tr>`;
}

function eventRow(event: WebhookEvent): Html {
  const last = event.deliveries.at(-1);
  return html`<tr>
    <th scope="row">${event.type}<br /><code class="quiet">${event.id}</code></th>
    <td>${clock(event.createdAt)}</td>
    <td><code>${event.resourceId}</code></td>
    <td>${badge(event.state.toUpperCase())}</td>
    <td>${event.attempts}</td>
    <td>${last === undefined ? "–" : (last.status ?? last.error)}</td>
    <td>${action(`events/${event.id}/resend`, "Send again", event.id)}</td>
  </tr>`;
}

function callRow(call: CallRecord): Html {
  return html`<tr>
    <th scope="row">${clock(call.at)}</th>
    <td><code>${call.method} ${call.path}</code></td>
    <td>${call.status}</td>
    <td>${call.issues.join(", ") || "–"}</td>
    <td><code>${call.requestId ?? "–"}</code></td>
    <td><code>${call.debugId}</code></td>
  </tr>`;
}

function settingsForm(settings: Settings): Html {
  return html`<form method="post" action="/control/settings" class="panel">
    <div class="row">
      ${numberField("webhookDelayMs", "Webhook delay (ms)", settings.webhookDelayMs)}
      ${numberField("webhookDuplicates", "Extra copies", settings.webhookDuplicates)}
      ${choiceField("webhookDrop", "Webhooks", String(settings.webhookDrop), [
        ["false", "Sent"],
        ["true", "Held back"],
      ])}
      ${numberField("latencyMs", "API latency (ms)", settings.latencyMs)}
      ${choiceField("nextCapture", "Next capture", settings.nextCapture ?? "", [
        ["", "As chosen"],
        ["timeout", "Captures, never answers"],
        ["drop", "Captures, connection breaks"],
        ["error", "Answers 500"],
        ["unavailable", "Answers 503"],
      ])}
      ${choiceField("nextRefund", "Next refund", settings.nextRefund ?? "", [
        ["", "Completes"],
        ["PENDING", "Waits for an eCheck"],
        ["REFUND_FAILED_INSUFFICIENT_FUNDS", "Insufficient funds"],
        ["TRANSACTION_DISPUTED", "Disputed"],
        ["PARTIAL_REFUND_NOT_ALLOWED", "No partial refund"],
      ])}
      <button>Save</button>
    </div>
  </form>`;
}

function numberField(name: string, label: string, value: number): Html {
  return html`<label
    >${label}<input type="number" min="0" name="${name}" value="${value}"
  /></label>`;
}

function choiceField(
  name: string,
  label: string,
  value: string,
  choices: readonly (readonly [string, string])[],
): Html {
  return html`<label
    >${label}<select name="${name}">
      ${choices.map(
        ([choice, text]) =>
          html`<option value="${choice}" ${choice === value && html` selected`}>${text}</option>`,
      )}
    </select></label
  >`;
}

/** @param subject tells buttons of the same name apart for those who hear them */
function action(path: string, label: string, subject: string): Html {
  return html`<form class="inline" method="post" action="/control/${path}">
    <button>${label}<span class="visually-hidden"> ${subject}</span></button>
  </form>`;
}

function badge(state: string): Html {
  const tone = TONES.get(state) ?? "";
  return html`<span class="badge ${tone}">${state}</span>`;
}

const TONES: ReadonlyMap<string, string> = new Map([
  ["APPROVED", "warning"],
  ["CANCELLED", "warning"],
  ["COMPLETED", "success"],
  ["DECLINED", "danger"],
  ["DELIVERED", "success"],
  ["DROPPED", "warning"],
  ["FAILED", "danger"],
  ["PENDING", "warning"],
  ["REVERSED", "danger"],
  ["VOIDED", "danger"],
  ["WAITING", "warning"],
]);

function clock(at: number): string {
  return new Date(at).toISOString().slice(11, 19);
}
