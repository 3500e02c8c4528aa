import type { LoaderFunctionArgs } from "@remix-run/node";
import { Outlet, useLoaderData } from "@remix-run/react";

import { AccountNav } from "#app/features/account/account-nav.tsx";
import { PageError } from "#app/features/errors/page-error.tsx";
import { ShopShell } from "#app/features/shell/shop-shell.tsx";
import { useLive } from "#app/lib/live-query.ts";
import { loadShopShell } from "#app/server/shop-shell.server.ts";

export function loader(args: LoaderFunctionArgs) {
  return loadShopShell(args);
}

/** Guests come here too, for the page of their order; the list of pages is for accounts. */
export default function AccountLayoutRoute() {
  const shell = useLoaderData<typeof loader>();
  const viewer = useLive(shell.viewer);
  const isAccount = viewer?.kind === "user";
  return (
    <ShopShell data={shell}>
      <div className="shell py-8 md:py-12">
        {isAccount ? (
          <div className="grid gap-8 lg:grid-cols-[200px_minmax(0,1fr)] lg:gap-14">
            <AccountNav isStaff={viewer.role !== "client"} />
            <div>
              <Outlet />
            </div>
          </div>
        ) : (
          <Outlet />
        )}
      </div>
    </ShopShell>
  );
}

export function ErrorBoundary() {
  return <PageError />;
}
