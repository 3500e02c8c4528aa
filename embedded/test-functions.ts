/** References to the functions of `tests/fixtures/notes`, typed by hand as code generation would. */
import { makeFunctionReference } from "convex/server";

export interface Note {
  readonly _id: string;
  readonly author: string;
  readonly text: string;
  readonly stars: number;
}

export interface NotePage {
  readonly page: readonly Note[];
  readonly isDone: boolean;
  readonly continueCursor: string;
}

type NoArgs = Record<string, never>;

export const notes = {
  list: makeFunctionReference<"query", { author: string }, Note[]>("notes:list"),
  page: makeFunctionReference<
    "query",
    { paginationOpts: { numItems: number; cursor: string | null } },
    NotePage
  >("notes:page"),
  search: makeFunctionReference<"query", { words: string }, string[]>("notes:search"),
  add: makeFunctionReference<"mutation", { author: string; text: string }, string>("notes:add"),
  star: makeFunctionReference<"mutation", { id: string }, number>("notes:star"),
  increment: makeFunctionReference<"mutation", { name: string }, number>("notes:increment"),
  counter: makeFunctionReference<"query", { name: string }, number>("notes:counter"),
  crash: makeFunctionReference<"mutation", NoArgs, null>("notes:crash"),
  addInternally: makeFunctionReference<"mutation", { author: string; text: string }, null>(
    "notes:addInternally",
  ),
  addLater: makeFunctionReference<"mutation", { text: string; delayMs: number }, string>(
    "notes:addLater",
  ),
  callLater: makeFunctionReference<"mutation", { text: string }, string>("notes:callLater"),
  cancel: makeFunctionReference<"mutation", { id: string }, null>("notes:cancel"),
  job: makeFunctionReference<"query", { id: string }, string | null>("notes:job"),
  viewer: makeFunctionReference<"query", NoArgs, string | null>("notes:viewer"),
  variable: makeFunctionReference<"query", NoArgs, string>("notes:variable"),
  twice: makeFunctionReference<"action", { text: string }, number>("notes:twice"),
  int64: makeFunctionReference<"query", NoArgs, bigint>("notes:int64"),
};

export const digest = {
  sha256: makeFunctionReference<"action", { text: string }, string>("digest:sha256"),
};

export const files = {
  generateUploadUrl: makeFunctionReference<"mutation", NoArgs, string>("files:generateUploadUrl"),
  save: makeFunctionReference<"mutation", { storageId: string; name: string }, string>(
    "files:save",
  ),
  remove: makeFunctionReference<"mutation", { storageId: string }, null>("files:remove"),
  url: makeFunctionReference<"query", { storageId: string }, string | null>("files:url"),
};
