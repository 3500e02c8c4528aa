import { v } from "convex/values";

import { internalQuery } from "../lib/functions.ts";
import { requireViewer } from "../lib/viewer.ts";
import { vRole, vUserKind } from "../tables/users.ts";

/** The viewer of the calling action; throws like the builders do. */
export const viewer = internalQuery({
  args: {},
  returns: v.object({
    userId: v.id("users"),
    sessionId: v.id("authSessions"),
    kind: vUserKind,
    role: vRole,
  }),
  handler: async (ctx) => {
    const { userId, sessionId, kind, role } = await requireViewer(ctx);
    return { userId, sessionId, kind, role };
  },
});
