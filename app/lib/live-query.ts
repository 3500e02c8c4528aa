import {
  type PaginatedQueryArgs,
  type PaginatedQueryItem,
  type PaginatedQueryReference,
  type Preloaded,
  usePaginatedQuery,
  usePreloadedQuery,
} from "convex/react";
import {
  type FunctionReference,
  type FunctionReturnType,
  makeFunctionReference,
  type PaginationResult,
} from "convex/server";
import { jsonToConvex, type JSONValue, type Value } from "convex/values";
import { useEffect, useMemo, useState } from "react";

/**
 * A query's name, arguments and value as a loader hands them to the page: plain text inside, so that
 * it crosses from server to browser unchanged. Made by `loadQueries` in `#app/server/preload.server.ts`.
 */
export type Live<Query extends FunctionReference<"query">> = Preloaded<Query>;

/** A handle of a paginated query, whatever the query: what `useLivePaginated` takes. */
export type LivePage<Query extends PaginatedQueryReference> = Live<Query>;

/**
 * The value a page shows: first the one the server rendered, then the live one. A lost connection
 * keeps the last value. Follows the handle when a navigation brings one with other arguments.
 */
export function useLive<Query extends FunctionReference<"query">>(
  handle: Live<Query>,
): FunctionReturnType<Query> {
  return usePreloadedQuery(handle);
}

/** The value in a handle as it was when the server rendered it: for loaders and `meta`. */
export function valueOf<Query extends FunctionReference<"query">>(
  handle: Live<Query>,
): FunctionReturnType<Query> {
  return jsonToConvex(parseJson(handle._valueJSON)) as FunctionReturnType<Query>;
}

export type LivePages<Query extends PaginatedQueryReference> = {
  readonly results: PaginatedQueryItem<Query>[];
  readonly status: "canLoadMore" | "loadingMore" | "exhausted";
  /** Asks for that many more; asked before the socket stands, it is done as soon as it does. */
  readonly loadMore: (count: number) => void;
};

/**
 * A list with "load more": the first page is the one the server rendered, and every loaded page is
 * live. The handle must come from a query whose `paginationOpts` had `cursor: null`.
 */
export function useLivePaginated<Query extends PaginatedQueryReference>(
  handle: LivePage<Query>,
): LivePages<Query> {
  const query = useMemo(
    () => makeFunctionReference<"query">(handle._name) as Query,
    [handle._name],
  );
  const { args, numItems } = useMemo(() => splitArgs<Query>(handle._argsJSON), [handle._argsJSON]);
  const rendered = useMemo(() => valueOf(handle) as PaginationResult<Value>, [handle]);
  const live = usePaginatedQuery(query, args, { initialNumItems: numItems });
  const [wanted, setWanted] = useState(0);

  const { status, loadMore } = live;
  useEffect(() => {
    if (wanted > 0 && status === "CanLoadMore") {
      loadMore(wanted);
      setWanted(0);
    }
  }, [wanted, status, loadMore]);

  if (status === "LoadingFirstPage") {
    return {
      results: rendered.page as PaginatedQueryItem<Query>[],
      status: wanted > 0 ? "loadingMore" : rendered.isDone ? "exhausted" : "canLoadMore",
      loadMore: setWanted,
    };
  }
  return { results: live.results, status: PAGE_STATUS[status], loadMore };
}

const PAGE_STATUS = {
  CanLoadMore: "canLoadMore",
  LoadingMore: "loadingMore",
  Exhausted: "exhausted",
} as const;

function splitArgs<Query extends PaginatedQueryReference>(
  argsJson: string,
): { args: PaginatedQueryArgs<Query>; numItems: number } {
  const { paginationOpts, ...args } = jsonToConvex(parseJson(argsJson)) as {
    paginationOpts: { numItems: number };
  };
  return { args: args as PaginatedQueryArgs<Query>, numItems: paginationOpts.numItems };
}

/** `Preloaded` declares text, but holds the parsed Convex JSON (as `preloadQuery` makes it). */
function parseJson(json: string): JSONValue {
  return json as JSONValue;
}
