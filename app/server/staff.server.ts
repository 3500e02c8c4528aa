import { data, redirect } from "@remix-run/node";
import type { ConvexHttpClient } from "convex/browser";

import type { FormRefusal } from "#app/lib/forms.ts";
import { asAppError, needsSignIn } from "#app/lib/errors.ts";
import type { AppContext } from "#app/server/app-context.server.ts";
import { isArgumentRefusal, isTokenRejection } from "#app/server/convex.server.ts";
import { refuseForm } from "#app/server/forms.server.ts";
import { signInPath } from "#app/server/safe-redirect.server.ts";
import { redirectWithToast } from "#app/server/toast.server.ts";
import type { AppError } from "#convex/domain/errors.ts";

type Call = { readonly context: AppContext; readonly request: Request };

/**
 * Makes one change as the member of staff who asks for it. Scripts get `{ done }` with the sentence to
 * show, or the refusal; a plain form comes back to its own page with the sentence as a notice. `what`
 * names the thing that an id of the form leads to.
 */
export async function changeAsStaff(
  { context, request }: Call,
  form: FormData,
  change: {
    readonly what: Extract<AppError, { code: "NOT_FOUND" }>["what"];
    readonly send: (client: ConvexHttpClient) => Promise<string>;
  },
) {
  if (context.session.key === null) return redirect(signInPath(request));
  try {
    const done = await change.send(context.connection.client(context.session.token));
    if (!wantsPage(request)) return { done };
    const { pathname, search } = new URL(request.url);
    return redirectWithToast(context, pathname + search, { tone: "success", text: done });
  } catch (error) {
    const refusal = asAppError(error);
    if (isTokenRejection(error) || (refusal !== null && needsSignIn(refusal))) {
      context.session.forget();
      return redirect(signInPath(request, refusal?.code ?? "SESSION_ENDED"));
    }
    if (isArgumentRefusal(error)) return refuseForm(notFound(change.what), form);
    return refuseForm(error, form);
  }
}

/** For a form whose intent is none of the page's. */
export function unknownIntent() {
  const refusal: FormRefusal = {
    values: {},
    problems: {},
    formProblem: { code: "INVALID_INPUT", field: "intent", reason: "unsupported" },
  };
  return data(refusal, 400);
}

function notFound(what: Extract<AppError, { code: "NOT_FOUND" }>["what"]): AppError {
  return { code: "NOT_FOUND", what };
}

function wantsPage(request: Request): boolean {
  return request.headers.get("accept")?.includes("text/html") === true;
}
