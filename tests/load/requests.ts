/** The calls that the load consists of. */
import {
  categoryOf,
  CATEGORY_SIZE,
  commonWords,
  seriesWord,
  SERIES_SIZE,
  slugOf,
} from "./catalogue.ts";

export type CallKind =
  "point by id" | "point by slug" | "page of 24" | "search" | "series search" | "mutation";

/** Which calls to make: the n-th one is the same in every run. */
export interface CallPlan {
  readonly kind: CallKind;
  /** Repeats a few arguments, so that results come from the cache; otherwise none ever repeats. */
  readonly isCached: boolean;
  /** Products in the store. */
  readonly products: number;
  /** Ids of some products. */
  readonly ids: readonly string[];
  /** Where nonces start: no two runs against one process may share any. */
  readonly firstNonce: number;
}

const PAGE_SIZE = 24;
/** How many different arguments cached calls have. */
const CACHED_VARIANTS = 32;
const ROUTES = { query: "/api/query", mutation: "/api/mutation" };

/** Path and body of the n-th call. */
export function callAt(
  plan: CallPlan,
  n: number,
): { readonly path: string; readonly body: string } {
  const isMutation = plan.kind === "mutation";
  const position = plan.isCached ? n % CACHED_VARIANTS : n * 7919;
  const args = {
    ...argsAt(plan, position % plan.products, position),
    ...(plan.isCached || isMutation ? {} : { nonce: plan.firstNonce + n }),
  };
  return {
    path: isMutation ? ROUTES.mutation : ROUTES.query,
    body: JSON.stringify({
      path: FUNCTIONS[plan.kind],
      format: "convex_encoded_json",
      args: [args],
    }),
  };
}

/** Whether an answer is what the call asked for. */
export function isRightAnswer({ kind }: CallPlan, answer: string): boolean {
  const parsed = JSON.parse(answer) as { readonly status: string; readonly value: unknown };
  if (parsed.status !== "success") return false;
  const { value } = parsed;
  switch (kind) {
    case "point by id":
    case "point by slug":
      return value !== null;
    case "page of 24":
    case "search":
    case "series search":
      return Array.isArray(value) && value.length === PAGE_SIZE;
    case "mutation":
      return value === null;
  }
}

const FUNCTIONS: Readonly<Record<CallKind, string>> = {
  "point by id": "products:byId",
  "point by slug": "products:bySlug",
  "page of 24": "products:page",
  search: "products:search",
  "series search": "products:search",
  mutation: "products:setStock",
};

function argsAt(plan: CallPlan, product: number, position: number): object {
  switch (plan.kind) {
    case "point by id":
      return { id: plan.ids[position % plan.ids.length] };
    case "point by slug":
      return { slug: slugOf(product) };
    case "page of 24":
      return { category: categoryOf(product), fromRank: product % (CATEGORY_SIZE - PAGE_SIZE) };
    case "search":
      return { text: commonWords(position) };
    case "series search":
      return { text: seriesWord(product % (plan.products - (plan.products % SERIES_SIZE))) };
    case "mutation":
      return { id: plan.ids[position % plan.ids.length], stock: position % 100_003 };
  }
}
