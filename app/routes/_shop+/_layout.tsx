import type { LoaderFunctionArgs } from "@remix-run/node";
import { Outlet, useLoaderData } from "@remix-run/react";

import { PageError } from "#app/features/errors/page-error.tsx";
import { ShopShell } from "#app/features/shell/shop-shell.tsx";
import { loadShopShell } from "#app/server/shop-shell.server.ts";

export function loader(args: LoaderFunctionArgs) {
  return loadShopShell(args);
}

export default function ShopLayoutRoute() {
  return (
    <ShopShell data={useLoaderData<typeof loader>()}>
      <Outlet />
    </ShopShell>
  );
}

export function ErrorBoundary() {
  return <PageError />;
}
