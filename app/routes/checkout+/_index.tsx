import type { LoaderFunctionArgs } from "@remix-run/node";

import { firstOpenStep, stepPath } from "#app/features/checkout/checkout-steps.ts";
import { loadCheckout } from "#app/server/checkout.server.ts";

/** Leads to where the shopper has to go on. */
export function loader(args: LoaderFunctionArgs) {
  return loadCheckout(args, (checkout) => stepPath(firstOpenStep(checkout)));
}
