import { PassThrough } from "node:stream";

import {
  type ActionFunctionArgs,
  type AppLoadContext,
  createReadableStreamFromReadable,
  type EntryContext,
  type LoaderFunctionArgs,
} from "@remix-run/node";
import { isRouteErrorResponse, RemixServer } from "@remix-run/react";
import { isbot } from "isbot";
import { renderToPipeableStream } from "react-dom/server";

import { RenderContextProvider } from "#app/lib/render-context.ts";
import { isUnavailable } from "#app/server/convex.server.ts";

const RENDER_TIMEOUT_MS = 10_000;

/** Renders a page. People get it as it is made, robots when it is whole. */
export default function handleRequest(
  request: Request,
  status: number,
  headers: Headers,
  remixContext: EntryContext,
  context: AppLoadContext,
): Promise<Response> {
  if (status === 503) {
    // The page asks again by itself, with scripts or without.
    headers.set("Retry-After", "2");
    headers.set("Refresh", "3");
  }
  const event = isbot(request.headers.get("user-agent") ?? "") ? "onAllReady" : "onShellReady";
  return new Promise((resolve, reject) => {
    let responseStatus = status;
    let isShellSent = false;
    const { pipe, abort } = renderToPipeableStream(
      <RenderContextProvider value={context}>
        <RemixServer
          context={remixContext}
          url={request.url}
          abortDelay={RENDER_TIMEOUT_MS}
          nonce={context.nonce}
        />
      </RenderContextProvider>,
      {
        nonce: context.nonce,
        [event]: () => {
          isShellSent = true;
          const body = new PassThrough();
          headers.set("Content-Type", "text/html; charset=utf-8");
          resolve(
            new Response(createReadableStreamFromReadable(body), {
              status: responseStatus,
              headers,
            }),
          );
          pipe(body);
        },
        onShellError: reject,
        onError: (error) => {
          responseStatus = 500;
          if (isShellSent) logError(error, context.requestId);
        },
      },
    );
    setTimeout(abort, RENDER_TIMEOUT_MS + 1_000).unref();
  });
}

/** What loaders and actions threw and no page was written for. */
export function handleError(
  error: unknown,
  { request, context }: LoaderFunctionArgs | ActionFunctionArgs,
): void {
  if (request.signal.aborted || isUnavailable(error) || isRouteErrorResponse(error)) return;
  logError(error, context.requestId);
}

function logError(error: unknown, requestId: string): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  console.error(JSON.stringify({ level: 50, name: "pages", requestId, msg: "failed", err: text }));
}
