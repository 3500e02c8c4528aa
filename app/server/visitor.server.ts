import { type LoaderFunctionArgs, redirect } from "@remix-run/node";

import { type Live, valueOf } from "#app/lib/live-query.ts";
import { loadQueries } from "#app/server/preload.server.ts";
import { signInPath } from "#app/server/safe-redirect.server.ts";
import { api } from "#convex/_generated/api.js";

/** Sends somebody who has signed in already on their way. */
export async function redirectAccount(args: LoaderFunctionArgs, to: string): Promise<void> {
  const viewer = await loadQueries(args, async (preload) =>
    valueOf(await preload(api.account.viewer.get)),
  );
  if (viewer?.kind === "user") throw redirect(to);
}

/** Sends strangers and guests to the sign-in page and back. */
export function requireAccount(
  viewer: Live<typeof api.account.viewer.get>,
  request: Request,
): void {
  if (valueOf(viewer)?.kind !== "user") throw redirect(signInPath(request));
}
