import { createHash } from "node:crypto";

import type { IndexKey, KeyInterval, RangeCursor } from "../../database/types.ts";
import { afterKey } from "../../values/index-key.ts";
import { FUNCTION_LIMITS, SEARCH_LIMITS, TRANSACTION_LIMITS } from "../../lib/limits.ts";
import { isPlainObject, type JsonObject, type JsonValue } from "../../values/json-value.ts";
import { FunctionError, invalidCursorError } from "../function-error.ts";
import { areReadsExceeded, requireReadsWithin } from "../transaction-limits.ts";
import { openSource, parseSource, type QuerySource } from "./query-source.ts";
import { expectedReads, parseOperators, QueryStream } from "./query-stream.ts";
import { numberArg, optionalTextArg, type SyscallContext } from "./syscall-context.ts";

/** Where a page begins or ends: behind a key, in the direction of reading, or at the very end. */
type Position = { readonly after: IndexKey } | "end";

interface PageLimits {
  readonly pageSize: number;
  /** Infinite where the page has none; a search takes none. */
  readonly maximumRowsRead: number;
  readonly maximumBytesRead: number;
}

/** Documents that were read, those that a filter dropped included, and their size. */
interface Read {
  rows: number;
  bytes: number;
}

interface Page {
  readonly documents: readonly string[];
  readonly keys: readonly IndexKey[];
  readonly end: Position;
  readonly status: "SplitRecommended" | "SplitRequired" | null;
}

/** Beyond so many results, and beyond this part of what may be read, a page is better split. */
const SPLIT_RECOMMENDED_RESULTS = 6_144;
const SPLIT_RECOMMENDED_SHARE = 0.75;

const NO_LIMIT = { maximumRowsRead: Infinity, maximumBytesRead: Infinity };

/**
 * One page of a query. The first run reads up to the page size and notes where it ended in the
 * journal; a run with that journal, or with an explicit end cursor, returns everything in between
 * whatever its size, so that neighbouring pages have neither gaps nor overlaps.
 */
export function queryPage(context: SyscallContext, args: JsonObject): string {
  requirePaginationAllowed(context);
  const query = args["query"];
  if (!isPlainObject(query)) throw new FunctionError("Invalid query.");
  const source = parseSource(context.transaction, context.componentPath, query["source"]);
  const positions = new Positions(context, query, source);
  const start = positions.parse(optionalTextArg(args, "cursor"));
  const endCursor = optionalTextArg(args, "endCursor");
  const end =
    endCursor === null ? positions.parseJournal(journalOf(context)) : positions.parse(endCursor);
  const limits = parseLimits(args);
  const page = readPage(context, source, query, start, end, limits);
  const continueCursor = positions.format(page.end);
  if (context.depth === 0) context.run.nextJournal = continueCursor;
  const middle = page.keys[Math.floor(page.keys.length / 2)];
  const canSplit = source.kind === "range" && page.keys.length > 2 && middle !== undefined;
  const rest = {
    isDone: page.end === "end",
    continueCursor,
    splitCursor: canSplit ? positions.format({ after: middle }) : null,
    pageStatus: page.status,
  };
  return `{"page":[${page.documents.join(",")}],${JSON.stringify(rest).slice(1)}`;
}

function requirePaginationAllowed(context: SyscallContext): void {
  if (context.componentPath !== "") {
    throw new FunctionError(
      "paginate() is only supported in the app. Learn more at " +
        "https://docs.convex.dev/components/authoring#pagination",
    );
  }
  if (context.hasPaginated) {
    throw new FunctionError(
      "This query or mutation function ran multiple paginated queries. Convex only supports a " +
        "single paginated query in each function.",
    );
  }
  context.hasPaginated = true;
}

function journalOf({ depth, run }: SyscallContext): string | null {
  return depth === 0 ? run.journal : null;
}

function parseLimits(args: JsonObject): PageLimits {
  const pageSize = numberArg(args, "pageSize");
  if (!Number.isInteger(pageSize) || pageSize < 0) {
    throw new FunctionError(
      `\`options.numItems\` must be a positive integer. Received \`${pageSize}\`.`,
    );
  }
  if (pageSize === 0) {
    throw new FunctionError("Must request at least 1 document while paginating");
  }
  if (pageSize > FUNCTION_LIMITS.pageSize.max) {
    throw new FunctionError(FUNCTION_LIMITS.pageSize.text(pageSize));
  }
  const bound = (name: string) => {
    const value = args[name] ?? null;
    return value === null ? Infinity : numberArg(args, name);
  };
  if (bound("maximumRowsRead") === 0 || bound("maximumBytesRead") === 0) {
    throw new FunctionError("maximumRowsRead and maximumBytesRead must be greater than 0");
  }
  return {
    pageSize,
    maximumRowsRead: bound("maximumRowsRead"),
    maximumBytesRead: bound("maximumBytesRead"),
  };
}

function readPage(
  context: SyscallContext,
  source: QuerySource,
  query: JsonObject,
  start: Position | null,
  end: Position | null,
  limits: PageLimits,
): Page {
  if (start === "end") return { documents: [], keys: [], end: "end", status: null };
  const operators = parseOperators(query["operators"]);
  const read = { rows: 0, bytes: 0 };
  const isSearch = source.kind === "search";
  const cursor = isSearch
    ? betweenRanks(openSource(context.transaction, "", source), start, end, read)
    : openSource(context.transaction, "", source, {
        interval: pageInterval(source, start, end),
        expected: end === null ? expectedReads(operators, limits.pageSize) : undefined,
      });
  if (source.table.startsWith("_")) context.transaction.usage.databaseQueries += 1;
  const stream = new QueryStream(cursor, operators);
  requireReadsWithin(context);
  // Up to an end everything is read, whatever its size.
  const unlimited = { pageSize: Infinity, ...NO_LIMIT };
  const wanted = end !== null ? unlimited : isSearch ? { ...limits, ...NO_LIMIT } : limits;
  const { documents, keys, stop } = readRows(context, stream, wanted, read);
  const reached = stop === "source" ? "end" : lastPosition(keys, start);
  const isHeavy = isLarge(documents.length, read, isSearch, limits);
  const status = stop === "limit" ? "SplitRequired" : isHeavy ? "SplitRecommended" : null;
  return { documents, keys, end: end ?? reached, status };
}

/** The rest of the source's interval behind `start`, up to and with `end`. */
function pageInterval(
  { interval, order }: Extract<QuerySource, { kind: "range" }>,
  start: { readonly after: IndexKey } | null,
  end: Position | null,
): KeyInterval {
  let { lower, upper } = interval;
  const lift = (key: IndexKey) => void (lower = key > lower ? key : lower);
  const drop = (key: IndexKey) => void (upper = upper === null || key < upper ? key : upper);
  if (order === "asc") {
    if (start !== null) lift(afterKey(start.after));
    if (end !== null && end !== "end") drop(afterKey(end.after));
  } else {
    if (start !== null) drop(start.after);
    if (end !== null && end !== "end") lift(end.after);
  }
  return { lower: upper !== null && lower > upper ? upper : lower, upper };
}

/** Search results have ranks instead of index keys; what is before `start` is read and skipped. */
function betweenRanks(
  cursor: RangeCursor,
  start: { readonly after: IndexKey } | null,
  end: Position | null,
  read: Read,
): RangeCursor {
  return {
    next() {
      for (;;) {
        const entry = cursor.next();
        if (entry === null) return null;
        if (end !== null && end !== "end" && entry.key > end.after) return null;
        if (start === null || entry.key > start.after) return entry;
        read.rows += 1;
        read.bytes += entry.document.size;
      }
    },
  };
}

/** What would go beyond what may be read ends before, unless there would then be nothing. */
function readRows(
  context: SyscallContext,
  stream: QueryStream,
  { pageSize, maximumRowsRead, maximumBytesRead }: PageLimits,
  read: Read,
): Pick<Page, "documents" | "keys"> & { readonly stop: "size" | "limit" | "source" } {
  const documents: string[] = [];
  const keys: IndexKey[] = [];
  while (documents.length < pageSize) {
    const isStopped =
      keys.length > 0 && (read.rows >= maximumRowsRead || read.bytes >= maximumBytesRead);
    const step = isStopped ? null : stream.step();
    if (keys.length === 0) requireReadsWithin(context);
    if (step === null || areReadsExceeded(context)) return { documents, keys, stop: "limit" };
    if (step.kind === "end") return { documents, keys, stop: "source" };
    keys.push(step.key);
    read.rows += 1;
    read.bytes += step.size;
    if (step.kind === "result") documents.push(step.json);
  }
  return { documents, keys, stop: "size" };
}

function lastPosition(
  keys: readonly IndexKey[],
  start: { readonly after: IndexKey } | null,
): Position {
  const last = keys.at(-1);
  return last === undefined ? (start ?? "end") : { after: last };
}

/** Whether a page took more than three quarters of what it may read, or gave very many results. */
function isLarge(
  results: number,
  read: Read,
  isSearch: boolean,
  { maximumRowsRead, maximumBytesRead }: PageLimits,
): boolean {
  const { documentsRead, bytesRead } = TRANSACTION_LIMITS;
  const most = isSearch
    ? { rows: SEARCH_LIMITS.candidates.max, bytes: bytesRead.max }
    : {
        rows: Math.min(maximumRowsRead, documentsRead.max),
        bytes: Math.min(maximumBytesRead, bytesRead.max),
      };
  return (
    read.rows > Math.floor(most.rows * SPLIT_RECOMMENDED_SHARE) ||
    read.bytes > Math.floor(most.bytes * SPLIT_RECOMMENDED_SHARE) ||
    results > SPLIT_RECOMMENDED_RESULTS
  );
}

/** Cursors of one query: a position and a fingerprint of the query that it belongs to. */
class Positions {
  readonly #context: SyscallContext;
  readonly #fingerprint: string;

  constructor(context: SyscallContext, query: JsonObject, source: QuerySource) {
    const fields = source.kind === "range" ? source.fields : [];
    const identity: JsonValue = [context.componentPath, query, fields];
    this.#context = context;
    this.#fingerprint = createHash("sha256")
      .update(JSON.stringify(identity))
      .digest("base64")
      .slice(0, 22);
  }

  /** @throws FunctionError for a cursor of another query (`InvalidCursor`) and for one of nobody's. */
  parse(cursor: string | null): Position | null {
    if (cursor === null) return null;
    const text = this.#context.services.cursors.decode(cursor);
    if (text === null) throw new FunctionError("Failed to parse cursor");
    return this.#positionOf(text);
  }

  /**
   * A journal that cannot be read comes from a client that was connected to another deployment at this
   * address: he is to start over, as after `InvalidCursor`, which he throws.
   */
  parseJournal(journal: string | null): Position | null {
    if (journal === null) return null;
    const text = this.#context.services.cursors.decode(journal);
    if (text === null) throw invalidCursorError();
    return this.#positionOf(text);
  }

  #positionOf(text: string): Position {
    if (text.slice(0, 22) !== this.#fingerprint) throw invalidCursorError();
    return text.length === 22 ? "end" : { after: text.slice(23) };
  }

  format(position: Position): string {
    const text = position === "end" ? this.#fingerprint : `${this.#fingerprint}:${position.after}`;
    return this.#context.services.cursors.encode(text);
  }
}
