import { redirect } from "@remix-run/node";
import * as z from "zod";

import type { AppContext } from "#app/server/app-context.server.ts";
import type { CookieJar, CookieSpec } from "#app/server/cookies.server.ts";

const vToast = z.object({
  key: z.string(),
  tone: z.enum(["success", "info", "warning"]),
  text: z.string().max(300),
});

/** A short notice that the next page shows once. The text is already in the visitor's language. */
export type Toast = z.infer<typeof vToast>;

const toastCookie: CookieSpec<Toast> = {
  name: "vitrine-toast",
  parse: (value) => vToast.safeParse(value).data ?? null,
};

export function redirectWithToast(context: AppContext, path: string, toast: Omit<Toast, "key">) {
  context.cookies.set(toastCookie, { ...toast, key: context.requestId }, null);
  return redirect(path);
}

/** The notice waiting for this visitor; taken, it is gone. */
export async function takeToast(cookies: CookieJar): Promise<Toast | null> {
  const toast = await cookies.get(toastCookie);
  if (toast !== null) cookies.delete(toastCookie);
  return toast;
}
