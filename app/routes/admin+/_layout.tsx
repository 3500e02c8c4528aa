import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Outlet, useLoaderData } from "@remix-run/react";

import { AdminError } from "#app/features/admin/admin-error.tsx";
import { AdminShell, pagesFor } from "#app/features/admin/admin-shell.tsx";
import { PageError } from "#app/features/errors/page-error.tsx";
import { keepAfterRefusal } from "#app/lib/forms.ts";
import { useLive, valueOf } from "#app/lib/live-query.ts";
import { pageTitle } from "#app/lib/page-title.ts";
import messages from "#app/messages/en.json";
import { loadQueries } from "#app/server/preload.server.ts";
import { requireAccount } from "#app/server/visitor.server.ts";
import { api } from "#convex/_generated/api.js";
import type { AppError } from "#convex/domain/errors.ts";

export const meta: MetaFunction = () => [
  { title: pageTitle(messages.admin.title) },
  { name: "robots", content: "noindex" },
];

export function loader(args: LoaderFunctionArgs) {
  return loadQueries(args, async (preload) => {
    const viewer = await preload(api.account.viewer.get);
    requireAccount(viewer, args.request);
    const permissions = valueOf(viewer)?.permissions ?? [];
    if (pagesFor(permissions).length === 0) throw forbidden();
    const [settings, counts] = await Promise.all([
      preload(api.shop.settings.get),
      preload(api.admin.orders.counts),
    ]);
    return { viewer, settings, counts };
  });
}

export const shouldRevalidate = keepAfterRefusal;

export default function AdminLayoutRoute() {
  const data = useLoaderData<typeof loader>();
  const viewer = useLive(data.viewer);
  const { shopName } = useLive(data.settings);
  const { paid } = useLive(data.counts);
  if (viewer === null) return null;
  return (
    <AdminShell viewer={viewer} shopName={shopName} toPack={paid}>
      <Outlet />
    </AdminShell>
  );
}

export function ErrorBoundary() {
  return <AdminError framed otherwise={<PageError />} />;
}

function forbidden(): Response {
  const refusal: AppError = { code: "FORBIDDEN", permission: "order:read:any" };
  return Response.json(refusal, { status: 403 });
}
