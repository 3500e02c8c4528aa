import { convexAuth } from "@convex-dev/auth/server";
import type { DefaultFunctionArgs, RegisteredAction } from "convex/server";
import { v } from "convex/values";

import { internal } from "./_generated/api";
import type { ActionCtx, MutationCtx } from "./_generated/server";
import { appError, invalidInput } from "./lib/errors.ts";
import { publicAction } from "./lib/functions.ts";
import { anonymousProvider, passwordProvider } from "./lib/signInProviders.ts";
import { readSubject } from "./lib/viewer.ts";
import { mergeGuest } from "./model/guestMerge.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** A guest who comes back within 60 days finds the cart; an account stays signed in as long. */
const SESSION_MS = 60 * DAY_MS;

const library = convexAuth({
  providers: [anonymousProvider, passwordProvider],
  session: { totalDurationMs: SESSION_MS * 6, inactiveDurationMs: SESSION_MS },
  callbacks: {
    /**
     * Runs in the transaction that begins the new session and ends the guest's, so a guest is
     * merged exactly when they become somebody.
     */
    beforeSessionCreation: async (ctx: MutationCtx, { userId }) => {
      const subject = await readSubject(ctx);
      const guestId = subject === null ? null : ctx.db.normalizeId("users", subject.userId);
      if (guestId !== null) await mergeGuest(ctx, { guestId, userId });
    },
  },
});

export const { auth, signOut, store } = library;

/**
 * Signs in with a provider and its params, or exchanges a refresh token; `tokens` is null for a
 * session that has ended. Throws SESSION_ENDED for a refresh token that the shop cannot have given,
 * INVALID_INPUT when there is neither, and what the providers throw.
 */
export const signIn = publicAction({
  args: {
    provider: v.optional(v.union(v.literal("anonymous"), v.literal("password"))),
    params: v.optional(v.record(v.string(), v.any())),
    refreshToken: v.optional(v.string()),
  },
  returns: v.object({
    tokens: v.union(v.object({ token: v.string(), refreshToken: v.string() }), v.null()),
  }),
  handler: async (ctx, args) => {
    if (args.provider === undefined) await requireRefreshToken(ctx, args.refreshToken);
    const { tokens } = await handlerOf(library.signIn)(ctx, args);
    return { tokens: tokens ?? null };
  },
});

/** The library takes the ids in a refresh token on trust, and deletes what the second one names. */
async function requireRefreshToken(ctx: ActionCtx, refreshToken = ""): Promise<void> {
  if (refreshToken === "") throw invalidInput("provider", "required");
  const isOurs = await ctx.runQuery(internal.jobs.signIn.isRefreshToken, { refreshToken });
  if (!isOurs) throw appError({ code: "SESSION_ENDED" });
}

/** What runs when the function is called; convex-helpers finds it in the same place. */
function handlerOf<Args extends DefaultFunctionArgs, Result>(
  registered: RegisteredAction<"public", Args, Promise<Result>>,
): (ctx: ActionCtx, args: Args) => Promise<Result> {
  const handler: unknown = Reflect.get(registered, "_handler");
  if (typeof handler !== "function") throw new Error("This version of Convex hides its handlers.");
  return handler as (ctx: ActionCtx, args: Args) => Promise<Result>;
}
