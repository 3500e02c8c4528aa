import type { Infer } from "convex/values";
import { v } from "convex/values";

import { internal } from "../_generated/api";
import { orderMail } from "../emails/orderMail.ts";
import { renderEmail } from "../emails/render.ts";
import { requireEnv } from "../lib/env.ts";
import { internalAction, internalMutation } from "../lib/functions.ts";
import * as OrderMails from "../model/orderMails.ts";
import * as Outbox from "../model/outbox.ts";
import { vMailTask } from "../tables/mailTasks.ts";
import { emailSender } from "./providers.ts";

/** One try at one mail. The provider is given the same key each time and sends it once. */
export const send = internalAction({
  args: { emailId: v.id("emails") },
  returns: v.null(),
  handler: async (ctx, { emailId }): Promise<null> => {
    const task = await ctx.runMutation(internal.jobs.outbox.claim, { emailId });
    if (task === null) return null;
    const { to, idempotencyKey, kind, data, sender } = task;
    const mail = renderEmail(orderMail(kind, data), sender);
    const from = requireEnv("EMAIL_FROM");
    const result = await emailSender().send({ from, to, idempotencyKey, ...mail });
    if (result.kind !== "sent") console.error(`Mail ${emailId} was not sent: ${result.reason}`);
    await ctx.runMutation(internal.jobs.outbox.finish, { emailId, result });
    return null;
  },
});

/** Takes the mail for one try, with all that it tells; null when it is not due. */
export const claim = internalMutation({
  args: { emailId: v.id("emails") },
  returns: v.union(vMailTask, v.null()),
  handler: async (ctx, { emailId }): Promise<Infer<typeof vMailTask> | null> => {
    const email = await Outbox.claim(ctx, emailId);
    return email === null ? null : await OrderMails.compose(ctx, email, requireEnv("SITE_URL"));
  },
});

export const finish = internalMutation({
  args: {
    emailId: v.id("emails"),
    result: v.union(
      v.object({ kind: v.literal("sent"), providerId: v.union(v.string(), v.null()) }),
      v.object({
        kind: v.union(v.literal("postponed"), v.literal("refused")),
        reason: v.string(),
      }),
    ),
  },
  returns: v.null(),
  handler: async (ctx, { emailId, result }) => {
    await Outbox.finish(ctx, emailId, result);
    return null;
  },
});

/** Mails whose scheduled try was lost. */
export const sweep = internalMutation({
  args: {},
  returns: v.null(),
  handler: async (ctx) => {
    await Outbox.rescheduleOverdue(ctx);
    return null;
  },
});
