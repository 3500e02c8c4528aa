import { convexAuth } from "@convex-dev/auth/server";

import type { MutationCtx } from "./_generated/server";
import { anonymousProvider, passwordProvider } from "./lib/signInProviders.ts";
import { readSubject } from "./lib/viewer.ts";
import { mergeGuest } from "./model/guestMerge.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** A guest who comes back within 60 days finds the cart; an account stays signed in as long. */
const SESSION_MS = 60 * DAY_MS;

export const { auth, signIn, signOut, store } = convexAuth({
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
