import { Presence } from "@convex-dev/presence";

import { components } from "../_generated/api";
import type { Id } from "../_generated/dataModel";
import type { MutationCtx, QueryCtx } from "../_generated/server";
import { invalidInput } from "../lib/errors.ts";

const presence = new Presence<string, Id<"users">>(components.presence);

/** A page of the shop's management: what it is about and which one. */
const ROOM = /^(?:orders|products)\/[\w-]{1,64}$/;
const MAX_SESSION_ID_LENGTH = 200;
const MIN_INTERVAL_MS = 5_000;
const MAX_INTERVAL_MS = 60_000;
const MAX_SHOWN = 20;

export type Heartbeat = {
  userId: Id<"users">;
  roomId: string;
  sessionId: string;
  /** Milliseconds until the next one; two and a half of them without one mean gone. */
  interval: number;
};

/** Throws INVALID_INPUT. */
export async function beat(ctx: MutationCtx, heartbeat: Heartbeat) {
  const { roomId, userId, sessionId, interval } = heartbeat;
  if (!ROOM.test(roomId)) throw invalidInput("roomId", "format");
  if (sessionId === "" || sessionId.length > MAX_SESSION_ID_LENGTH) {
    throw invalidInput("sessionId", "format");
  }
  if (!(interval >= MIN_INTERVAL_MS && interval <= MAX_INTERVAL_MS)) {
    throw invalidInput("interval", "range");
  }
  // A page names its own session; another person's page cannot name the same.
  return await presence.heartbeat(ctx, roomId, userId, `${userId}/${sessionId}`, interval);
}

export async function leave(ctx: MutationCtx, sessionToken: string): Promise<void> {
  await presence.disconnect(ctx, sessionToken);
}

/** Who else has the page open, by first name. */
export async function listOthers(
  ctx: QueryCtx,
  { roomToken, userId }: { roomToken: string; userId: Id<"users"> },
) {
  const present = await presence.list(ctx, roomToken, MAX_SHOWN);
  const others = present.filter((each) => each.online && each.userId !== userId);
  const named = await Promise.all(
    others.map(async (other) => {
      const user = await ctx.db.get("users", other.userId);
      return user === null ? null : { ...other, name: `${user.firstName} ${user.lastName}`.trim() };
    }),
  );
  return named
    .filter((other) => other !== null)
    .map(({ userId: id, online, lastDisconnected, name }) => ({
      ...{ userId: id, online, lastDisconnected, name },
    }));
}
