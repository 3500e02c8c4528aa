import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";

import { CheckoutProgress } from "#app/features/checkout/checkout-frame.tsx";
import { SectionError } from "#app/features/errors/page-error.tsx";
import { ThanksPage } from "#app/features/orders/thanks-page.tsx";
import { useLive } from "#app/lib/live-query.ts";
import { pageTitle } from "#app/lib/page-title.ts";
import messages from "#app/messages/en.json";
import { loadQueries } from "#app/server/preload.server.ts";
import { api } from "#convex/_generated/api.js";

export const meta: MetaFunction = () => [
  { title: pageTitle(messages.orders.thanks.meta) },
  { name: "robots", content: "noindex" },
];

export function loader(args: LoaderFunctionArgs) {
  const orderNumber = args.params["orderNumber"] ?? "";
  return loadQueries(args, async (preload) => {
    const [order, viewer] = await Promise.all([
      preload(api.account.orders.get, { orderNumber }),
      preload(api.account.viewer.get),
    ]);
    return { order, viewer };
  });
}

export default function DoneRoute() {
  const data = useLoaderData<typeof loader>();
  const order = useLive(data.order);
  const viewer = useLive(data.viewer);
  return (
    <div className="shell pt-6 pb-section-m md:pt-8 md:pb-section">
      <CheckoutProgress current={null} firstOpen={null} />
      <ThanksPage order={order} isGuest={viewer?.kind !== "user"} />
    </div>
  );
}

export function ErrorBoundary() {
  return <SectionError />;
}
