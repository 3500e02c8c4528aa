import type { ActionFunctionArgs } from "@remix-run/node";

import { isUnavailable } from "#app/server/convex.server.ts";
import { unavailable } from "#app/server/preload.server.ts";

/** The short-lived token for the browser's socket: `{ token }`, null for a visitor without an identity. */
export async function action({ request, context }: ActionFunctionArgs) {
  const form = await request.formData();
  try {
    const isForced = form.get("refresh") === "1";
    const token = isForced ? await context.session.refresh() : context.session.token;
    return Response.json({ token }, { headers: { "Cache-Control": "no-store" } });
  } catch (error) {
    if (isUnavailable(error)) return unavailable();
    throw error;
  }
}
