import type { Auth } from "convex/server";

import type { Doc, Id } from "../_generated/dataModel";
import type { QueryCtx } from "../_generated/server";
import type { Permission, Role } from "../domain/permissions.ts";
import { hasPermission } from "../domain/permissions.ts";
import { appError } from "./errors.ts";

/** Who is asking: a guest or an account, with a live session. */
export type Viewer = {
  userId: Id<"users">;
  sessionId: Id<"authSessions">;
  kind: Doc<"users">["kind"];
  role: Role;
  user: Doc<"users">;
};

/** The identity that an action sees; it is checked against the rows by the query it calls. */
export type ViewerSummary = Omit<Viewer, "user">;

type Lookup = { status: "none" | "ended" | "deactivated" } | { status: "live"; viewer: Viewer };

/**
 * The viewer, or null for a stranger. Somebody whose session has ended or whose account is
 * deactivated is a stranger here, so that open pages fall back to what everybody sees.
 *
 * A token is checked when it arrives, so both rows are read each time: deleting the session or
 * deactivating the user re-runs every query that depended on them.
 */
export async function findViewer(ctx: QueryCtx): Promise<Viewer | null> {
  const lookup = await lookUp(ctx);
  return lookup.status === "live" ? lookup.viewer : null;
}

/** Throws NOT_SIGNED_IN, SESSION_ENDED or ACCOUNT_DEACTIVATED. */
export async function requireViewer(ctx: QueryCtx): Promise<Viewer> {
  const lookup = await lookUp(ctx);
  switch (lookup.status) {
    case "live":
      return lookup.viewer;
    case "none":
      throw appError({ code: "NOT_SIGNED_IN" });
    case "ended":
      throw appError({ code: "SESSION_ENDED" });
    case "deactivated":
      throw appError({ code: "ACCOUNT_DEACTIVATED" });
  }
}

/** Also throws NOT_SIGNED_IN for a guest. */
export async function requireAccount(ctx: QueryCtx): Promise<Viewer> {
  const viewer = await requireViewer(ctx);
  if (viewer.kind !== "account") throw appError({ code: "NOT_SIGNED_IN" });
  return viewer;
}

/** Also throws FORBIDDEN when the role lacks the permission. */
export async function requireStaff(ctx: QueryCtx, permission: Permission): Promise<Viewer> {
  const viewer = await requireAccount(ctx);
  if (!hasPermission(viewer.role, permission)) throw appError({ code: "FORBIDDEN", permission });
  return viewer;
}

/** The two ids in the token's subject, which the sign-in library writes as `user|session`. */
export async function readSubject(ctx: {
  auth: Auth;
}): Promise<{ userId: string; sessionId: string } | null> {
  const identity = await ctx.auth.getUserIdentity();
  if (identity === null) return null;
  const [userId, sessionId] = identity.subject.split("|");
  return userId === undefined || sessionId === undefined ? null : { userId, sessionId };
}

async function lookUp(ctx: QueryCtx): Promise<Lookup> {
  const subject = await readSubject(ctx);
  if (subject === null) return { status: "none" };
  const userId = ctx.db.normalizeId("users", subject.userId);
  const sessionId = ctx.db.normalizeId("authSessions", subject.sessionId);
  if (userId === null || sessionId === null) return { status: "ended" };
  const session = await ctx.db.get("authSessions", sessionId);
  const user = await ctx.db.get("users", userId);
  if (session === null || user === null || session.userId !== userId) return { status: "ended" };
  if (user.deactivatedAt !== null) return { status: "deactivated" };
  return {
    status: "live",
    viewer: { userId, sessionId, kind: user.kind, role: user.role, user },
  };
}
