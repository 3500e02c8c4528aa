import { v } from "convex/values";

import { staffMutation, staffQuery } from "../lib/functions.ts";
import * as Presence from "../model/presence.ts";

/**
 * Says that this page of the shop's management is open; the component's hook calls it. The person is
 * the viewer, whatever `userId` says. Throws INVALID_INPUT.
 */
export const heartbeat = staffMutation({
  permission: "order:read:any",
  action: "presence.heartbeat",
  args: { roomId: v.string(), userId: v.string(), sessionId: v.string(), interval: v.number() },
  returns: v.object({ roomToken: v.string(), sessionToken: v.string() }),
  handler: (ctx, args) => Presence.beat(ctx, { ...args, userId: ctx.viewer.userId }),
});

/** Who else is there. `lastDisconnected` in milliseconds. */
export const list = staffQuery({
  permission: "order:read:any",
  args: { roomToken: v.string() },
  returns: v.array(
    v.object({
      userId: v.string(),
      online: v.boolean(),
      lastDisconnected: v.number(),
      name: v.string(),
    }),
  ),
  handler: (ctx, { roomToken }) =>
    Presence.listOthers(ctx, { roomToken, userId: ctx.viewer.userId }),
});

export const disconnect = staffMutation({
  permission: "order:read:any",
  action: "presence.disconnect",
  args: { sessionToken: v.string() },
  returns: v.null(),
  handler: async (ctx, { sessionToken }) => {
    await Presence.leave(ctx, sessionToken);
    return null;
  },
});
