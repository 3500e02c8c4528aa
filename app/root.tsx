import headingFont from "@fontsource-variable/bricolage-grotesque/files/bricolage-grotesque-latin-opsz-normal.woff2?url";
import bodyFont from "@fontsource-variable/hanken-grotesk/files/hanken-grotesk-latin-wght-normal.woff2?url";
import type { LinksFunction, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import {
  Links,
  Meta,
  Outlet,
  Scripts,
  ScrollRestoration,
  useLoaderData,
  useRouteLoaderData,
} from "@remix-run/react";
import { type ReactNode, useEffect } from "react";
import { IntlProvider } from "use-intl";

import { ConnectionBanner } from "#app/components/ui/connection-banner.tsx";
import { ToastProvider, useToast } from "#app/components/ui/toast.tsx";
import { kindOfError, PageError } from "#app/features/errors/page-error.tsx";
import { ConvexConnection, useIsConnected } from "#app/lib/convex-connection.tsx";
import { TIME_ZONE } from "#app/lib/format.ts";
import { keepAfterRefusal } from "#app/lib/forms.ts";
import { useNonce, useRequestId } from "#app/lib/render-context.ts";
import { valueOf } from "#app/lib/live-query.ts";
import { useSessionSync } from "#app/lib/session-sync.ts";
import messages from "#app/messages/en.json";
import { loadQueries } from "#app/server/preload.server.ts";
import { readTheme } from "#app/server/theme.server.ts";
import { takeToast } from "#app/server/toast.server.ts";
import { api } from "#convex/_generated/api.js";

import stylesheet from "./tailwind.css?url";

export const links: LinksFunction = () => [
  ...[bodyFont, headingFont].map((href) => ({
    rel: "preload",
    as: "font" as const,
    type: "font/woff2",
    href,
    crossOrigin: "anonymous" as const,
  })),
  { rel: "stylesheet", href: stylesheet },
  { rel: "icon", href: "/favicon.svg", type: "image/svg+xml" },
];

export const meta: MetaFunction = ({ error }) => [
  { title: error === undefined ? "Vitrine" : messages.errorPages[kindOfError(error)].title },
];

export function loader(args: LoaderFunctionArgs) {
  const { context } = args;
  return loadQueries(args, async (preload) => {
    const viewer = await preload(api.account.viewer.get);
    // Its session was ended elsewhere: from here on this is a visitor without an identity.
    if (valueOf(viewer) === null && context.session.key !== null) context.session.forget();
    return {
      viewer,
      identityKey: context.session.key,
      origin: context.settings.publicUrl,
      theme: await readTheme(context.cookies),
      toast: await takeToast(context.cookies),
    };
  });
}

export const shouldRevalidate = keepAfterRefusal;

export function Layout({ children }: { readonly children: ReactNode }) {
  const theme = useRouteLoaderData<typeof loader>("root")?.theme ?? null;
  const nonce = useNonce();
  const requestId = useRequestId();
  return (
    <html
      lang="en"
      data-request-id={requestId}
      {...(theme === null ? {} : { "data-theme": theme })}
    >
      <head>
        <meta charSet="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
        <Meta />
        <Links />
      </head>
      <body>
        <IntlProvider locale="en" messages={messages} timeZone={TIME_ZONE}>
          <ToastProvider>{children}</ToastProvider>
        </IntlProvider>
        <ScrollRestoration nonce={nonce} />
        <Scripts nonce={nonce} />
      </body>
    </html>
  );
}

export default function RootRoute() {
  const { origin, identityKey, toast } = useLoaderData<typeof loader>();
  const showToast = useToast();
  useSessionSync(identityKey);
  useEffect(() => {
    if (toast !== null) showToast({ text: toast.text, tone: toast.tone });
  }, [toast, showToast]);
  return (
    <ConvexConnection url={origin} identityKey={identityKey}>
      <Outlet />
      <LostConnection />
    </ConvexConnection>
  );
}

export function ErrorBoundary() {
  return <PageError />;
}

function LostConnection() {
  return <ConnectionBanner connected={useIsConnected()} />;
}
