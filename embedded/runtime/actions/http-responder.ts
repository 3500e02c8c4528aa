import type { RegisteredFunction } from "../realm/function-calls.ts";
import type { WireRequest, WireResponse } from "./action-protocol.ts";

const NO_ROUTE_TEXT = "No matching routes found";

/** The default export of `http`, made by `httpRouter()`. */
export interface HttpRouter {
  readonly isRouter?: true;
  lookup(
    path: string,
    method: string,
  ): readonly [handler: RegisteredFunction, method: string, route: string] | null;
}

export interface ResponseSink {
  head(response: WireResponse): void;
  chunk(bytes: Uint8Array | null): void;
  /** Resolves when the next piece is wanted. */
  pulled(): Promise<void>;
  isAbandoned(): boolean;
}

/** Runs the HTTP action that a request is routed to and sends its response piece by piece. */
export async function respond(
  router: HttpRouter,
  request: WireRequest,
  routedPath: string,
  sink: ResponseSink,
): Promise<void> {
  const response = await route(router, request, routedPath);
  const headers = [...response.headers];
  sink.head({ status: response.status, headers, hasBody: response.body !== null });
  if (response.body === null) return;
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  for (;;) {
    await sink.pulled();
    if (sink.isAbandoned()) {
      await reader.cancel();
      return;
    }
    const { done, value } = await reader.read();
    sink.chunk(done ? null : value);
    if (done) return;
  }
}

async function route(
  router: HttpRouter,
  request: WireRequest,
  routedPath: string,
): Promise<Response> {
  const match = router.lookup(routedPath, request.method);
  const handler = match?.[0];
  if (handler?.invokeHttpAction === undefined) return new Response(NO_ROUTE_TEXT, { status: 404 });
  const hasBody = request.body !== null && request.method !== "GET" && request.method !== "HEAD";
  const response: unknown = await handler.invokeHttpAction(
    new Request(request.url, {
      method: request.method,
      headers: request.headers.map(([name, value]): [string, string] => [name, value]),
      ...(hasBody ? { body: request.body } : {}),
    }),
  );
  if (!(response instanceof Response)) {
    throw new Error("HTTP action did not return a Response.");
  }
  return response;
}
