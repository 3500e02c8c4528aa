import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { type ClientActionFunctionArgs, useLoaderData } from "@remix-run/react";

import { AdminError } from "#app/features/admin/admin-error.tsx";
import { ProductEditor } from "#app/features/admin/product-editor.tsx";
import { ProductCard } from "#app/features/catalog/product-card.tsx";
import { keepForm } from "#app/features/checkout/keep-form.ts";
import { SectionError } from "#app/features/errors/page-error.tsx";
import { keepAfterRefusal } from "#app/lib/forms.ts";
import { useLive, valueOf } from "#app/lib/live-query.ts";
import { pageTitle } from "#app/lib/page-title.ts";
import messages from "#app/messages/en.json";
import { loadQueries } from "#app/server/preload.server.ts";
import { changeProduct } from "#app/server/staff-products.server.ts";
import { api } from "#convex/_generated/api.js";

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  {
    title: pageTitle(
      data === undefined ? messages.admin.products.title : valueOf(data.product).name,
    ),
  },
];

export function loader(args: LoaderFunctionArgs) {
  const productId = args.params["productId"] ?? "";
  return loadQueries(args, async (preload) => ({
    product: await preload(api.admin.products.get, { productId }),
  }));
}

export function action(args: ActionFunctionArgs) {
  return changeProduct(args);
}

export function clientAction({ request, serverAction }: ClientActionFunctionArgs) {
  return keepForm(request, serverAction);
}

export const shouldRevalidate = keepAfterRefusal;

export default function ProductRoute() {
  const product = useLive(useLoaderData<typeof loader>().product);
  return (
    <ProductEditor
      key={product.id}
      product={product}
      preview={<ProductCard product={{ ...product, rating: null, isNew: false }} />}
    />
  );
}

export function ErrorBoundary() {
  return <AdminError otherwise={<SectionError />} />;
}
