import { data, type LoaderFunctionArgs, redirect } from "@remix-run/node";
import type { ConvexHttpClient } from "convex/browser";

import type { FormRefusal } from "#app/lib/forms.ts";
import { type Live, valueOf } from "#app/lib/live-query.ts";
import type { AppContext } from "#app/server/app-context.server.ts";
import { isTokenRejection } from "#app/server/convex.server.ts";
import { refuseForm } from "#app/server/forms.server.ts";
import { loadQueries } from "#app/server/preload.server.ts";
import { signInPath } from "#app/server/safe-redirect.server.ts";
import { api } from "#convex/_generated/api.js";
import type { FieldProblem } from "#convex/domain/address.ts";

export type CheckoutData = {
  readonly checkout: Live<typeof api.shop.checkout.get>;
  readonly cart: Live<typeof api.shop.cart.get>;
  readonly viewer: Live<typeof api.account.viewer.get>;
  /** When this was loaded, by the clock that the holds run on. */
  readonly now: number;
};

/**
 * What every step of the checkout is made of. Without an identity there is no cart, so strangers see
 * the empty one; `redirectFrom` names where to go instead when this step cannot be visited yet.
 */
export function loadCheckout(
  args: LoaderFunctionArgs,
  redirectFrom: (checkout: ReturnType<typeof valueOf<CheckoutOf>>) => string | null,
): Promise<CheckoutData> {
  if (args.context.session.key === null) throw redirect("/cart");
  return loadQueries(args, async (preload) => {
    const [checkout, cart, viewer] = await Promise.all([
      preload(api.shop.checkout.get),
      preload(api.shop.cart.get),
      preload(api.account.viewer.get),
    ]);
    const elsewhere = redirectFrom(valueOf(checkout));
    if (elsewhere !== null) throw redirect(elsewhere);
    return { checkout, cart, viewer, now: Date.now() };
  });
}

type CheckoutOf = (typeof api.shop.checkout.get)["_returnType"];

/**
 * Saves what a step's form holds and goes on to the next step; what does not fit comes back beside
 * its field, with everything that was typed.
 */
export async function saveStep(
  { context, request }: { readonly context: AppContext; readonly request: Request },
  form: FormData,
  step: {
    readonly problems: readonly FieldProblem<string>[];
    readonly save: (client: ConvexHttpClient) => Promise<unknown>;
    readonly next: string;
  },
) {
  if (step.problems.length > 0) return data(refusalOf(form, step.problems), 400);
  if (context.session.key === null) return redirect("/cart");
  try {
    await step.save(context.connection.client(context.session.token));
  } catch (error) {
    if (isTokenRejection(error)) {
      context.session.forget();
      return redirect(signInPath(request, "SESSION_ENDED"));
    }
    return refuseForm(error, form);
  }
  return redirect(step.next);
}

/** A text field of a form; what is no text counts as empty. */
export function textOf(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === "string" ? value : "";
}

function refusalOf(form: FormData, problems: readonly FieldProblem<string>[]): FormRefusal {
  const values = [...form].flatMap(([name, value]) =>
    typeof value === "string" ? [[name, value] as const] : [],
  );
  return {
    values: Object.fromEntries(values),
    problems: Object.fromEntries(
      problems.map(({ field, reason }) => [field, { code: "INVALID_INPUT", field, reason }]),
    ),
    formProblem: null,
  };
}
