/**
 * Convex's limits: each with its number and the text of the error that it is refused with.
 *
 * Numbers are those of https://docs.convex.dev/production/state/limits (the classes S16 where they
 * differ by class); where the open backend (get-convex/convex-backend) enforces a smaller one, that.
 * Texts are the open backend's. It enforces some documented limits elsewhere or not at all: their
 * texts, marked `own`, follow its style.
 */
import { formatSize } from "./byte-size.ts";

const KIB = 2 ** 10;
const MIB = 2 ** 20;
const HOUR_MS = 3_600_000;

const OVER_LIMIT_HELP =
  "Consider using smaller limits in your queries, paginating your queries, or using indexed " +
  "queries with a selective index range expressions.";

/** The largest number allowed, and what anything beyond it is refused with. */
interface Limit<Facts extends readonly unknown[]> {
  readonly max: number;
  readonly text: (...facts: Facts) => string;
}

/** What one transaction may do; nested calls can be given less. */
export const TRANSACTION_LIMITS = {
  documentsRead: {
    max: 32_000,
    text: (max: number) =>
      `Too many documents read in a single function execution (limit: ${max}). ${OVER_LIMIT_HELP}`,
  },
  bytesRead: {
    max: 16 * MIB,
    text: (max: number) =>
      `Too many bytes read in a single function execution (limit: ${max} bytes). ${OVER_LIMIT_HELP}`,
  },
  databaseQueries: {
    max: 4_096,
    text: (max: number) =>
      `Too many reads in a single function execution (limit: ${max}). ${OVER_LIMIT_HELP}`,
  },
  documentsWritten: {
    max: 16_000,
    text: (max: number) => `Too many writes in a single function execution (limit: ${max})`,
  },
  bytesWritten: {
    max: 16 * MIB,
    text: (max: number) =>
      `Too many bytes written in a single function execution (limit: ${roundSize(max)})`,
  },
  functionsScheduled: {
    max: 1_000,
    text: (max: number) => `Too many functions scheduled by this mutation (limit: ${max})`,
  },
  scheduledFunctionArgsBytes: {
    max: 16 * MIB,
    text: (max: number) =>
      "Too large total size of the arguments of scheduled functions from this mutation (limit: " +
      `${max} bytes)`,
  },
  // The numbers for files are not published: as many as IO operations, as much as data; fewer are
  // written, because nothing else runs while each is synced. `own`
  filesRead: {
    max: 1_000,
    text: (max: number) => `Too many files read in a single function execution (limit: ${max})`,
  },
  fileReadBytes: {
    max: 16 * MIB,
    text: (max: number) =>
      `Too many bytes of files read in a single function execution (limit: ${roundSize(max)})`,
  },
  filesWritten: {
    max: 100,
    text: (max: number) => `Too many files written in a single function execution (limit: ${max})`,
  },
  fileWriteBytes: {
    max: 16 * MIB,
    text: (max: number) =>
      `Too many bytes of files written in a single function execution (limit: ${roundSize(max)})`,
  },
} as const;

/** What one function may take, return, say and last. Sizes in bytes, times in milliseconds. */
export const FUNCTION_LIMITS = {
  argsBytes: limit(
    16 * MIB,
    (max, path: string, size: number) =>
      `Arguments for ${path} are too large (actual: ${formatSize(size)}, limit: ${formatSize(max)})`,
  ),
  nodeArgsBytes: limit(
    5 * MIB,
    (max) =>
      "Node actions arguments size is too large. The maximum size is " +
      `${formatSize(max)}. Reduce the size of the ` +
      "arguments or consider using Convex runtime actions instead, which have a 16 MiB limit. See " +
      "https://docs.convex.dev/functions/runtimes",
  ),
  resultBytes: limit(
    16 * MIB,
    (max, path: string, size: number) =>
      `Function ${path} return value is too large (actual: ${formatSize(size)}, limit: ${formatSize(max)})`,
  ),
  /** Documented; the open backend only warns of it so far, in words like these. `own` */
  scheduledArgsBytes: limit(
    4 * MIB,
    (max, size: number) =>
      "Too large arguments for a single scheduled function from this mutation (actual: " +
      `${size} bytes, limit: ${max} bytes)`,
  ),
  scheduledDelayMs: limit(
    5 * 366 * 24 * 3_600_000,
    (_max, scheduledAt: number, side: "future" | "past") =>
      `${scheduledAt / 1000} is more than 5 years in the ${side}`,
  ),
  /** Of queries and mutations, without the database's time. */
  userTimeMs: limit(1_000, (max) => timeoutText(max)),
  actionTimeMs: limit(30 * 60_000, (max) => timeoutText(max)),
  nodeActionTimeMs: limit(10 * 60_000, (max) => timeoutText(max)),
  /** Operations that a function has asked for and whose answers it has not seen. `own` */
  concurrentOperations: limit(
    1_000,
    (max) => `Too many concurrent IO operations in a single function execution (limit: ${max})`,
  ),
  nesting: limit(
    8,
    () => "Cross component call depth limit exceeded. Do you have an infinite loop in your app?",
  ),
  heapBytes: limit(64 * MIB, memoryText),
  nodeHeapBytes: limit(512 * MIB, memoryText),
  logLines: limit(256, (max) => `Log overflow (maximum ${max}). Remaining log lines omitted.`),
  /** The open backend's; the documentation says 4 KiB. */
  logLineBytes: limit(32 * KIB, () => " (truncated due to length)"),
  pageSize: limit(32_000, (_max, size: number) => `Requested too many items: ${size}`),
  queryOperators: limit(256, (max) => `Can't construct query with more than ${max} operators`),
  httpResponseBytes: limit(
    20 * MIB,
    (max) => `HttpResponseTooLarge: HTTP actions support responses up to ${formatSize(max)}`,
  ),
  /** The open backend's; the documentation names none. */
  httpRequestBytes: { max: 20 * MIB },
} as const;

/** What a value and a document may be. */
export const VALUE_LIMITS = {
  arrayLength: limit(
    8_192,
    (max, length: number) => `Array length is too long (${length} > maximum length ${max})`,
  ),
  objectFields: limit(
    1_024,
    (max, count: number) => `Object has too many fields (${count} > maximum number ${max})`,
  ),
  fieldNameLength: limit(
    1_024,
    (max, length: number) => `Field name is too long (${length} > maximum ${max})`,
  ),
  identifierLength: limit(
    64,
    (max, length: number) => `Identifier is too long (${length} > maximum ${max})`,
  ),
  valueNesting: limit(
    64,
    (max, levels: number) =>
      `Value is too nested (nested ${levels} levels deep > maximum nesting ${max})`,
  ),
  documentBytes: limit(
    MIB,
    (max, size: number) =>
      `Value is too large (${formatSize(size)} > maximum size ${formatSize(max)})`,
  ),
  documentNesting: limit(
    16,
    (max, levels: number) =>
      `Document is too nested (nested ${levels} levels deep > maximum nesting ${max})`,
  ),
} as const;

export const MIN_VECTOR_DIMENSIONS = 2;

/** What a schema may declare. */
export const SCHEMA_LIMITS = {
  tables: limit(10_000, (max) => `Number of tables cannot exceed ${max}.`),
  /** The documentation's; the open backend lets 64 pass. */
  indexesPerTable: limit(
    32,
    (max, table: string) => `Table "${table}" cannot have more than ${max} indexes.`,
  ),
  fieldsPerIndex: limit(16, (max) => `Indexes may have up to ${max} fields.`),
  /** `own` */
  searchIndexesPerTable: limit(
    4,
    (max, table: string) => `Table "${table}" cannot have more than ${max} search indexes.`,
  ),
  /** `own` */
  vectorIndexesPerTable: limit(
    4,
    (max, table: string) => `Table "${table}" cannot have more than ${max} vector indexes.`,
  ),
  filterFieldsPerIndex: limit(16, (max) => `Search indexes may have up to ${max} filter fields.`),
  vectorDimensions: limit(
    4_096,
    (max, dimensions: number) =>
      `Dimensions ${dimensions} must be between ${MIN_VECTOR_DIMENSIONS} and ${max}.`,
  ),
} as const;

/** What a search may ask for. Terms past their limit, and longer ones, are dropped in silence. */
export const SEARCH_LIMITS = {
  queryTerms: { max: 16 },
  expandedTerms: { max: 64 },
  prefixExpansions: { max: 16 },
  /** Bytes from which on a term is dropped. */
  termBytes: { max: 32 },
  filtersPerQuery: limit(
    8,
    (max, index: string, count: number) =>
      `Search query against ${index} has too many filter conditions. Max: ${max} Actual: ${count}`,
  ),
  candidates: limit(
    1_024,
    (max) =>
      `Search query scanned too many documents (fetched ${max}). Consider using a smaller limit, ` +
      "paginating the query, or using a filter field to limit the number of documents pulled from " +
      "the search index.",
  ),
  vectorResults: limit(
    256,
    (max, wanted: number) =>
      `Vector queries can fetch at most ${max} results, requested ${wanted}.`,
  ),
  vectorConditions: limit(
    64,
    (max, index: string, count: number) =>
      `Vector query against ${index} has too many conditions. Max: ${max} Actual: ${count}`,
  ),
} as const;

/** What a deployment may hold. */
export const DEPLOYMENT_LIMITS = {
  /** The documentation's; the open backend stops at 512. */
  environmentVariables: limit(
    1_000,
    (max) => `The environment variable limit (${max}) has been met.`,
  ),
  environmentBytes: limit(
    512 * KIB,
    (max, size: number) =>
      `The total size of all environment variables (${size} bytes) exceeds the limit (${max} bytes).`,
  ),
  /** The documentation's; the open backend lets 256 pass. */
  environmentNameLength: limit(
    40,
    (max, name: string) =>
      `The environment variable name ${name} is too long. Environment variable names must be less ` +
      `than ${max}.`,
  ),
  environmentValueBytes: limit(
    8 * KIB,
    (max, size: number) =>
      `The environment variable value is ${size} bytes, which is too large. (max size: ${max}`,
  ),
  /** Code of all components, without source maps. */
  codeBytes: limit(
    32 * MIB,
    (max, size: number) =>
      `Total module size exceeded the unzipped maximum (${formatSize(size)} > maximum size ${formatSize(max)})`,
  ),
  modules: limit(
    4_096,
    (max, count: number) =>
      `Too many function files (${count} > maximum ${max}) in "convex/". See our docs ` +
      "(https://docs.convex.dev/using/writing-convex-functions#using-libraries) for more details.",
  ),
} as const;

/** What runs, waits and is tried again; queries, mutations and actions: traffic-limits.ts. */
export const RUNNING_LIMITS = {
  /** Of mutations, and of actions, which may take minutes and would keep mutations waiting. */
  scheduledFunctionsOfAKind: { max: 8 },
  /** Sent on one socket and not answered yet. */
  mutationsPerSocket: limit(
    1_000,
    (max) =>
      `Too many concurrent mutations. Only up to ${max} pending mutations allowed on a single ` +
      "websocket.",
  ),
  actionsPerSocket: limit(
    1_000,
    (max) => `Inflight actions overloaded for a single client, max concurrency: ${max}`,
  ),
  /** Of a mutation that others' commits overtook; a scheduled one is tried until it succeeds. */
  retriesAfterConflict: { max: 4 },
  /** The pause before a retry doubles up to this. */
  retryPauseMs: { max: 2_000 },
} as const;

/** How long what is kept for a time is kept. */
export const RETENTION_LIMITS = {
  finishedScheduledFunctionsMs: { max: 7 * 24 * HOUR_MS },
  /** By which a mutation that a client sends again after losing its socket is recognised. */
  answersToMutationsMs: { max: 14 * 24 * HOUR_MS },
  uploadUrlsMs: { max: HOUR_MS },
  /** Results of queries that asked for the time, as newcomers get them. */
  resultsThatReadTheClockMs: { max: 15_000 },
} as const;

function limit<Facts extends readonly unknown[]>(
  max: number,
  text: (max: number, ...facts: Facts) => string,
): Limit<Facts> {
  return { max, text: (...facts) => text(max, ...facts) };
}

function memoryText(max: number): string {
  return `JavaScript execution ran out of memory (maximum memory usage: ${max / MIB} MB)`;
}

function timeoutText(ms: number): string {
  return `Function execution timed out (maximum duration: ${ms / 1000}s)`;
}

/** `16 MiB`, or `1000 bytes` for what is no whole number of a unit. */
function roundSize(bytes: number): string {
  return bytes > 0 && bytes % KIB === 0 ? formatSize(bytes) : `${bytes} bytes`;
}
