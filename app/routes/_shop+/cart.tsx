import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";

import { CartPage } from "#app/features/cart/cart-page.tsx";
import { useCartActions } from "#app/features/cart/use-cart-actions.ts";
import { SectionError } from "#app/features/errors/page-error.tsx";
import { useLive } from "#app/lib/live-query.ts";
import { pageTitle } from "#app/lib/page-title.ts";
import messages from "#app/messages/en.json";
import { loadQueries } from "#app/server/preload.server.ts";
import { api } from "#convex/_generated/api.js";

export const meta: MetaFunction = () => [
  { title: pageTitle(messages.cart.title) },
  { name: "robots", content: "noindex" },
];

export function loader(args: LoaderFunctionArgs) {
  return loadQueries(args, async (preload) => ({ cart: await preload(api.shop.cart.get) }));
}

export default function CartRoute() {
  const cart = useLive(useLoaderData<typeof loader>().cart);
  return <CartPage cart={cart} actions={useCartActions()} />;
}

export function ErrorBoundary() {
  return <SectionError />;
}
