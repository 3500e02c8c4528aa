import { type LoaderFunctionArgs, redirect } from "@remix-run/node";
import type { FunctionReference, FunctionReturnType, OptionalRestArgs } from "convex/server";
import { convexToJson, type Value } from "convex/values";
import { getFunctionName } from "convex/server";

import { asAppError } from "#app/lib/errors.ts";
import type { Live } from "#app/lib/live-query.ts";
import { isArgumentRefusal, isTokenRejection, isUnavailable } from "#app/server/convex.server.ts";
import { signInPath } from "#app/server/safe-redirect.server.ts";

/** Runs a public query as the viewer and gives the handle for `useLive`. */
export type Preload = <Query extends FunctionReference<"query">>(
  query: Query,
  ...args: OptionalRestArgs<Query>
) => Promise<Live<Query>>;

/**
 * The one way a loader reads the shop. All queries of a request, of every loader that runs for it,
 * see the same snapshot; they carry the viewer's token when there is one; and each is recorded, so
 * that what a page was rendered from is known.
 *
 *     export function loader(args: LoaderFunctionArgs) {
 *       return loadQueries(args, async (preload) => ({
 *         product: await preload(api.shop.products.get, { slug }),
 *       }));
 *     }
 *
 * A query's refusal becomes a response: not signed in → the sign-in page and back; not allowed → 403;
 * nothing there → 404; the deployment out of reach → 503. What is none of these is thrown as it is.
 */
export async function loadQueries<T>(
  { context, request }: Pick<LoaderFunctionArgs, "context" | "request">,
  load: (preload: Preload) => Promise<T>,
): Promise<T> {
  const preload: Preload = async <Query extends FunctionReference<"query">>(
    query: Query,
    ...args: OptionalRestArgs<Query>
  ) => {
    const value = await context.snapshot.query(query, ...args);
    return toHandle<Query>(query, args[0] ?? {}, value);
  };
  try {
    return await load(preload);
  } catch (error) {
    throw toResponse(error, context.session, request);
  }
}

function toHandle<Query extends FunctionReference<"query">>(
  query: Query,
  args: Record<string, Value>,
  value: FunctionReturnType<Query>,
): Live<Query> {
  const handle: Omit<Live<Query>, "__value"> = {
    name: getFunctionName(query),
    args: convexToJson(args),
    value: convexToJson(value),
  };
  return handle as Live<Query>;
}

function toResponse(
  error: unknown,
  session: LoaderFunctionArgs["context"]["session"],
  request: Request,
): unknown {
  if (isUnavailable(error)) return unavailable();
  if (isTokenRejection(error)) {
    session.forget();
    const { pathname, search } = new URL(request.url);
    return redirect(pathname + search);
  }
  if (isArgumentRefusal(error)) return notFound();
  const appError = asAppError(error);
  switch (appError?.code) {
    case "NOT_SIGNED_IN":
      return redirect(signInPath(request));
    case "SESSION_ENDED":
    case "ACCOUNT_DEACTIVATED":
      session.forget();
      return redirect(signInPath(request, appError.code));
    case "FORBIDDEN":
      return Response.json(appError, { status: 403 });
    case "NOT_FOUND":
      return Response.json(appError, { status: 404 });
    default:
      return error;
  }
}

/** The page for it asks again by itself. */
export function unavailable(): Response {
  return new Response(null, { status: 503, headers: { "Retry-After": "2" } });
}

/** For a loader whose query found nothing: `throw notFound()`. */
export function notFound(): Response {
  return new Response(null, { status: 404 });
}
