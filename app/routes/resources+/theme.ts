import { type ActionFunctionArgs, redirect } from "@remix-run/node";

import { isTheme } from "#app/lib/theme.ts";
import { placeToReturn } from "#app/server/safe-redirect.server.ts";
import { writeTheme } from "#app/server/theme.server.ts";

/** Takes `theme` (light, dark; anything else follows the system) and goes back to `redirectTo`. */
export async function action({ request, context }: ActionFunctionArgs) {
  const form = await request.formData();
  const theme = form.get("theme");
  writeTheme(context.cookies, isTheme(theme) ? theme : null);
  return redirect(placeToReturn(form));
}
