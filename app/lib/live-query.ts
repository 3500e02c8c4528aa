import { type Preloaded, usePaginatedQuery, usePreloadedQuery } from "convex/react";
import {
  type DefaultFunctionArgs,
  type FunctionReference,
  type FunctionReturnType,
  makeFunctionReference,
  type PaginationOptions,
  type PaginationResult,
} from "convex/server";
import { jsonToConvex, type JSONValue } from "convex/values";
import { useEffect, useMemo, useState } from "react";

/**
 * A query's name, arguments and value as a loader hands them to the page: plain data, so that it
 * crosses from server to browser unchanged. Made by `loadQueries` in `#app/server/preload.server.ts`.
 */
export type LiveValue<Value> = {
  readonly name: string;
  readonly args: JSONValue;
  readonly value: JSONValue;
  /** Carries the type only; nothing is there. */
  readonly __value: Value;
};

/** The handle of a query: `Live<typeof api.shop.cart.get>`, for a component's props. */
export type Live<Query extends FunctionReference<"query">> = LiveValue<FunctionReturnType<Query>>;

/**
 * The value a page shows: first the one the server rendered, then the live one. A lost connection
 * keeps the last value. Follows the handle when a navigation brings one with other arguments.
 */
export function useLive<Value>(handle: LiveValue<Value>): Value {
  const preloaded = {
    _name: handle.name,
    _argsJSON: handle.args,
    _valueJSON: handle.value,
  } as unknown as Preloaded<FunctionReference<"query", "public", DefaultFunctionArgs, Value>>;
  return usePreloadedQuery(preloaded);
}

/** The value in a handle as it was when the server rendered it: for loaders and `meta`. */
export function valueOf<Value>(handle: LiveValue<Value>): Value {
  return jsonToConvex(handle.value) as Value;
}

export type LivePages<Item> = {
  readonly results: readonly Item[];
  readonly status: "canLoadMore" | "loadingMore" | "exhausted";
  /** Asks for that many more; asked before the socket stands, it is done as soon as it does. */
  readonly loadMore: (count: number) => void;
};

/**
 * A list with "load more": the first page is the one the server rendered, and every loaded page is
 * live. The handle must come from a query whose `paginationOpts` had `cursor: null`.
 */
export function useLivePaginated<Item>(
  handle: LiveValue<Pick<PaginationResult<Item>, "page">>,
): LivePages<Item> {
  const query = useMemo(
    () => makeFunctionReference<"query", PaginatedArgs, PaginationResult<Item>>(handle.name),
    [handle.name],
  );
  const { args, numItems } = useMemo(() => splitArgs(handle.args), [handle.args]);
  const rendered = useMemo(() => valueOf(handle) as PaginationResult<Item>, [handle]);
  const { results, status, loadMore } = usePaginatedQuery(query, args, {
    initialNumItems: numItems,
  });
  const [wanted, setWanted] = useState(0);

  useEffect(() => {
    if (wanted > 0 && status === "CanLoadMore") {
      loadMore(wanted);
      setWanted(0);
    }
  }, [wanted, status, loadMore]);

  if (status === "LoadingFirstPage") {
    const waiting = wanted > 0 ? "loadingMore" : "canLoadMore";
    return {
      results: rendered.page,
      status: rendered.isDone ? "exhausted" : waiting,
      loadMore: setWanted,
    };
  }
  return { results, status: PAGE_STATUS[status], loadMore };
}

type PaginatedArgs = DefaultFunctionArgs & { paginationOpts: PaginationOptions };

const PAGE_STATUS = {
  CanLoadMore: "canLoadMore",
  LoadingMore: "loadingMore",
  Exhausted: "exhausted",
} as const;

function splitArgs(json: JSONValue): { args: DefaultFunctionArgs; numItems: number } {
  const { paginationOpts, ...args } = jsonToConvex(json) as PaginatedArgs;
  return { args, numItems: paginationOpts.numItems };
}
