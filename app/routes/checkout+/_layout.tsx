import type { LoaderFunctionArgs } from "@remix-run/node";
import { Outlet, useLoaderData } from "@remix-run/react";

import { CheckoutHeader } from "#app/features/checkout/checkout-header.tsx";
import { DraftsProvider } from "#app/features/checkout/drafts.tsx";
import { PageError } from "#app/features/errors/page-error.tsx";
import { keepAfterRefusal } from "#app/lib/forms.ts";

export function loader({ context }: LoaderFunctionArgs) {
  return { isEncrypted: context.settings.publicUrl.startsWith("https:") };
}

export const shouldRevalidate = keepAfterRefusal;

export default function CheckoutLayoutRoute() {
  const { isEncrypted } = useLoaderData<typeof loader>();
  return (
    <>
      <CheckoutHeader isEncrypted={isEncrypted} />
      <main id="main">
        <DraftsProvider>
          <Outlet />
        </DraftsProvider>
      </main>
    </>
  );
}

export function ErrorBoundary() {
  return <PageError />;
}
