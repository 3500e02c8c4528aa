import * as z from "zod";

import { redirect, type HttpReply, type HttpRequest } from "../../http.ts";
import { isLoopbackAuthority } from "../../loopback.ts";
import { html, pageReply, type Html } from "../../page.ts";
import { minorUnits, formatAmount, type Money } from "../amounts.ts";
import { DECLINE_ISSUES, NotPossible, PENDING_REASONS, type PaymentActions } from "../buyer.ts";
import type { CapturePlan, Ledger, Order } from "../ledger.ts";
import { BUYER, type Merchant } from "../resources.ts";

/** The shop's pages may be anywhere on this machine. */
const LOOPBACK_SOURCES =
  "'self' http://127.0.0.1:* http://localhost:* https://127.0.0.1:* https://localhost:*";

export interface CheckoutParts {
  readonly ledger: Ledger;
  readonly actions: PaymentActions;
  readonly merchant: Merchant;
}

/** Where the buyer came from: a window or frame of `origin`, or a page to go back to. */
const vReturn = z.object({
  token: z.string().min(1),
  origin: z.url({ protocol: /^https?$/ }).optional(),
  return: z
    .url({ protocol: /^https?$/ })
    .refine((url) => isLoopbackAuthority(new URL(url).host))
    .optional(),
});

type Return = z.infer<typeof vReturn>;

const vChoice = vReturn.extend({
  choice: z.enum(["approve", "decline", "pending", "deny", "cancel"]),
  issue: z.enum(DECLINE_ISSUES).default("INSTRUMENT_DECLINED"),
  reason: z.enum(PENDING_REASONS).default("ECHECK"),
});

/** `GET /checkoutnow?token=…`: what the buyer sees before paying. */
export function showCheckout(parts: CheckoutParts, request: HttpRequest, nonce: string): HttpReply {
  const back = vReturn.safeParse(Object.fromEntries(request.query));
  const order = back.success ? parts.ledger.orders.find(back.data.token) : null;
  if (!back.success || order === null) return problemPage(nonce, 404, "There is no such order.");
  if (order.status === "COMPLETED") {
    return problemPage(nonce, 409, "This order is paid already. You can close this window.");
  }
  if (order.status === "VOIDED") {
    return problemPage(nonce, 409, "This order has lapsed. Start again in the shop.");
  }
  return pageReply({
    title: "Pay with PayPal (stand-in)",
    nonce,
    formAction: LOOPBACK_SOURCES,
    frameAncestors: LOOPBACK_SOURCES,
    body: approvalForm(parts, order, back.data),
  });
}

/** `POST /checkoutnow`: what the buyer chose. */
export function decideCheckout(
  parts: CheckoutParts,
  request: HttpRequest,
  nonce: string,
  now: number,
): HttpReply {
  const form = new URLSearchParams(request.body.toString("utf8"));
  const choice = vChoice.safeParse(Object.fromEntries(form));
  if (!choice.success) return problemPage(nonce, 400, "That choice is not one of those offered.");
  try {
    const order =
      choice.data.choice === "cancel"
        ? parts.actions.cancel(choice.data.token, now)
        : parts.actions.approve(choice.data.token, planOf(choice.data), now);
    return goBack(order, choice.data, choice.data.choice === "cancel", nonce);
  } catch (error) {
    if (error instanceof NotPossible) return problemPage(nonce, error.status, error.message);
    throw error;
  }
}

/** Shown in the window until the shop has made the order. */
export function showOpening(nonce: string): HttpReply {
  return pageReply({
    title: "PayPal (stand-in)",
    nonce,
    frameAncestors: LOOPBACK_SOURCES,
    body: html`<main class="narrow">
      <h1>One moment</h1>
      <p role="status">The shop is preparing your payment.</p>
    </main>`,
  });
}

function planOf(choice: z.infer<typeof vChoice>): CapturePlan {
  switch (choice.choice) {
    case "decline":
      return { kind: "decline", issue: choice.issue };
    case "pending":
      return { kind: "pending", reason: choice.reason };
    case "deny":
      return { kind: "deny" };
    default:
      return { kind: "complete" };
  }
}

function goBack(order: Order, back: Return, isCancelled: boolean, nonce: string): HttpReply {
  const { experience } = order;
  const page = isCancelled
    ? (experience?.cancel_url ?? experience?.return_url)
    : experience?.return_url;
  const target =
    back.origin === undefined || back.return !== undefined ? (page ?? back.return) : undefined;
  if (target !== undefined) {
    const url = new URL(target);
    url.searchParams.set("token", order.id);
    if (!isCancelled) url.searchParams.set("PayerID", BUYER.payerId);
    return redirect(url.href);
  }
  const message = {
    paypalStandin: isCancelled ? "canceled" : "approved",
    orderId: order.id,
    payerId: BUYER.payerId,
  };
  const text = isCancelled ? "You cancelled the payment." : "The payment is approved.";
  return pageReply({
    title: "PayPal (stand-in)",
    nonce,
    frameAncestors: LOOPBACK_SOURCES,
    body: html`<main class="narrow">
      <h1>${text}</h1>
      <p>You can close this window and go on in the shop.</p>
    </main>`,
    ...(back.origin !== undefined && {
      script: `(() => {
        const shop = window.opener ?? (window.parent === window ? null : window.parent);
        shop?.postMessage(${scriptJson(message)}, ${scriptJson(new URL(back.origin).origin)});
        window.close();
      })();`,
    }),
  });
}

/** JSON that cannot end a script element. */
function scriptJson(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c");
}

function approvalForm({ merchant }: CheckoutParts, order: Order, back: Return): Html {
  const name = order.experience?.brand_name ?? merchant.name;
  const total = totalOf(order);
  return html`<main class="narrow">
    <p class="note">Stand-in for PayPal. No money moves.</p>
    <h1>${display(total)} to ${name}</h1>
    <p class="quiet">Paying as ${BUYER.givenName} ${BUYER.surname}, ${BUYER.email}</p>
    ${order.units.map(unitPanel)}
    <form method="post" action="/checkoutnow">
      <input type="hidden" name="token" value="${order.id}" />
      ${back.origin !== undefined && html`<input type="hidden" name="origin" value="${back.origin}" />`}
      ${back.return !== undefined && html`<input type="hidden" name="return" value="${back.return}" />`}
      <button class="primary" name="choice" value="approve">Pay ${display(total)}</button>
      <h2>Or let it go differently</h2>
      <div class="row">
        <label
          >Decline when the shop captures<select name="issue">
            ${DECLINE_ISSUES.map(option)}
          </select></label
        >
        <button name="choice" value="decline">Decline</button>
      </div>
      <div class="row">
        <label
          >Leave the payment pending<select name="reason">
            ${PENDING_REASONS.map(option)}
          </select></label
        >
        <button name="choice" value="pending">Leave pending</button>
      </div>
      <div class="row">
        <button name="choice" value="deny">Refuse after capture</button>
        <button name="choice" value="cancel">Cancel and go back</button>
      </div>
    </form>
  </main>`;
}

function unitPanel(unit: Order["units"][number]): Html {
  return html`<section class="panel" aria-label="What you pay for">
    ${unit.description !== undefined && html`<p>${unit.description}</p>`}
    <dl class="sum">
      ${(unit.items ?? []).map(
        (item) =>
          html`<dt>${item.quantity} × ${item.name}</dt>
            <dd>${display(times(item.unit_amount, item.quantity))}</dd>`,
      )}
      ${breakdownOf(unit.amount.breakdown)}
      <dt class="total">Total</dt>
      <dd class="total">${display(unit.amount)}</dd>
    </dl>
    ${unit.invoice_id !== undefined && html`<p class="quiet small">Invoice ${unit.invoice_id}</p>`}
  </section>`;
}

function option(value: string): Html {
  const words = value.replaceAll("_", " ").toLowerCase();
  return html`<option value="${value}">${words.charAt(0).toUpperCase()}${words.slice(1)}</option>`;
}

function breakdownOf(breakdown: Order["units"][number]["amount"]["breakdown"]): Html[] {
  const rows: [string, Money | undefined, string][] = [
    ["Delivery", breakdown?.shipping, ""],
    ["Handling", breakdown?.handling, ""],
    ["Insurance", breakdown?.insurance, ""],
    ["Tax", breakdown?.tax_total, ""],
    ["Delivery discount", breakdown?.shipping_discount, "−"],
    ["Discount", breakdown?.discount, "−"],
  ];
  return rows.flatMap(([label, money, sign]) =>
    money === undefined || minorUnits(money) === 0n
      ? []
      : [
          html`<dt>${label}</dt>
            <dd>${sign}${display(money)}</dd>`,
        ],
  );
}

function totalOf(order: Order): Money {
  const sum = order.units.reduce((all, unit) => all + minorUnits(unit.amount), 0n);
  return formatAmount(order.units[0]?.amount.currency_code ?? "EUR", sum);
}

function times(money: Money, quantity: string): Money {
  return formatAmount(money.currency_code, minorUnits(money) * BigInt(quantity));
}

/** An amount for people. */
export function display(money: Money): string {
  const [, fraction = ""] = money.value.split(".");
  return new Intl.NumberFormat("en", {
    style: "currency",
    currency: money.currency_code,
    minimumFractionDigits: fraction.length,
    maximumFractionDigits: fraction.length,
  }).format(Number(money.value));
}

function problemPage(nonce: string, status: number, message: string): HttpReply {
  return pageReply({
    title: "PayPal (stand-in)",
    nonce,
    status,
    frameAncestors: LOOPBACK_SOURCES,
    body: html`<main class="narrow">
      <h1>This payment cannot go on</h1>
      <p class="note danger" role="alert">${message}</p>
    </main>`,
  });
}
