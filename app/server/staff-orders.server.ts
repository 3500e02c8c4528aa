import { type ActionFunctionArgs, data } from "@remix-run/node";
import * as z from "zod";

import { parseForm } from "#app/server/forms.server.ts";
import { changeAsStaff, unknownIntent } from "#app/server/staff.server.ts";
import { translate } from "#app/server/translator.server.ts";
import { api } from "#convex/_generated/api.js";

const MAX_LENGTH = 60;
const MAX_REASON_LENGTH = 500;

const vShipment = z.object({
  carrier: z.string().trim().min(1).max(MAX_LENGTH),
  trackingNumber: z.string().trim().min(1).max(MAX_LENGTH),
});
const vCancellation = z.object({ reason: z.string().trim().min(1).max(MAX_REASON_LENGTH) });

const SIMPLE_STEPS = {
  startProcessing: api.admin.orders.startProcessing,
  deliver: api.admin.orders.deliver,
  confirmTransfer: api.admin.orders.confirmTransfer,
};

/** Moves the order that the address names: `intent` is the function of `admin/orders`. */
export async function changeOrder(args: ActionFunctionArgs) {
  const form = await args.request.formData();
  const orderNumber = args.params["orderNumber"] ?? "";
  const intent = form.get("intent");
  switch (intent) {
    case "startProcessing":
    case "deliver":
    case "confirmTransfer":
      return changeAsStaff(args, form, {
        what: "order",
        send: async (client) => {
          await client.mutation(SIMPLE_STEPS[intent], { orderNumber });
          return translate(`admin.order.done.${intent}`, { number: orderNumber });
        },
      });
    case "ship":
      return ship(args, form, orderNumber);
    case "cancel":
      return cancel(args, form, orderNumber);
    default:
      return unknownIntent();
  }
}

function ship(args: ActionFunctionArgs, form: FormData, orderNumber: string) {
  const parsed = parseForm(form, vShipment);
  if (!parsed.ok) return data(parsed.refusal, 400);
  return changeAsStaff(args, form, {
    what: "order",
    send: async (client) => {
      await client.mutation(api.admin.orders.ship, { orderNumber, ...parsed.value });
      return translate("admin.order.done.ship", { number: orderNumber });
    },
  });
}

function cancel(args: ActionFunctionArgs, form: FormData, orderNumber: string) {
  const parsed = parseForm(form, vCancellation);
  if (!parsed.ok) return data(parsed.refusal, 400);
  return changeAsStaff(args, form, {
    what: "order",
    send: async (client) => {
      await client.mutation(api.admin.orders.cancel, { orderNumber, ...parsed.value });
      return translate("admin.order.done.cancel", { number: orderNumber });
    },
  });
}
