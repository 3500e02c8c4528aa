import { v } from "convex/values";

import { permissionsOf } from "../domain/permissions.ts";
import { visitorQuery } from "../lib/functions.ts";
import { vPermission } from "../tables/appError.ts";
import { vRole } from "../tables/users.ts";

/** Who is looking; null for a stranger, and for somebody whose session has ended. */
export const get = visitorQuery({
  args: {},
  returns: v.union(
    v.object({
      id: v.id("users"),
      kind: v.union(v.literal("guest"), v.literal("user")),
      role: vRole,
      name: v.string(),
      firstName: v.string(),
      email: v.union(v.string(), v.null()),
      permissions: v.array(vPermission),
    }),
    v.null(),
  ),
  handler: ({ viewer }) => {
    if (viewer === null) return null;
    const { firstName, lastName, email } = viewer.user;
    return {
      id: viewer.userId,
      kind: viewer.kind === "guest" ? ("guest" as const) : ("user" as const),
      role: viewer.role,
      name: `${firstName} ${lastName}`.trim(),
      firstName,
      email,
      permissions: [...permissionsOf(viewer.role)],
    };
  },
});
