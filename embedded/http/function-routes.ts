import type { Timestamp } from "../database/types.ts";
import type {
  ActionOutcome,
  Caller,
  FunctionRequest,
  FunctionRunner,
  MutationOutcome,
  QueryOutcome,
  WatchRequest,
} from "../functions/types.ts";
import { ServiceError } from "../lib/service-error.ts";
import { decodeTimestamp, encodeTimestamp } from "../values/timestamp.ts";
import { cleanJson } from "./clean-json.ts";
import { callerOf, type Exchange, type HttpContext } from "./http-context.ts";
import { sendJson, sendJsonText } from "./replies.ts";
import {
  badBody,
  parseJsonObject,
  readJsonObject,
  requireArrayField,
  requireJsonObject,
  requireTextField,
  stringifyJson,
  type JsonObject,
} from "./request-body.ts";

type Outcome = QueryOutcome | MutationOutcome | ActionOutcome;

/** `convex_encoded_json` keeps every Convex value, `json` turns int64 and bytes into plain JSON. */
type Format = "convex_encoded_json" | "json";

interface Call {
  /** Of any type; the journal is a query's. */
  readonly request: WatchRequest;
  readonly format: Format;
}

/** `POST /api/query`, `/api/mutation`, `/api/action` and `/api/function` (any type). */
export async function postFunction(
  exchange: Exchange,
  context: HttpContext,
  type: "query" | "mutation" | "action" | "any",
): Promise<void> {
  const body = await readJsonObject(exchange.request);
  const caller = await callerOf(exchange, context.authenticator);
  const { request, format } = parseCall(body, caller, exchange, "json");
  if (type !== "query") countCall(exchange, caller);
  const outcome = await run(request, context, type);
  await reply(exchange, outcome, format);
}

/** `GET /api/query?path=&args=&format=`, for tools that can only fetch an address. */
export async function getQuery(exchange: Exchange, context: HttpContext): Promise<void> {
  const caller = await callerOf(exchange, context.authenticator);
  const body = {
    path: exchange.query.get("path") ?? "",
    args: parseJsonObject(exchange.query.get("args") ?? "{}"),
    format: exchange.query.get("format") ?? "json",
  };
  const { request, format } = parseCall(body, caller, exchange, "json");
  await reply(exchange, await run(request, context, "query"), format);
}

/** `POST /api/query_ts`: a timestamp at which `/api/query_at_ts` may be asked several times. */
export async function postQueryTs(exchange: Exchange, context: HttpContext): Promise<void> {
  const ts = context.database.latestTs;
  await context.database.flushed(ts);
  sendJson(exchange.response, { ts: encodeTimestamp(ts) });
}

/** `POST /api/query_at_ts`: the query's result as of `ts`. */
export async function postQueryAtTs(exchange: Exchange, context: HttpContext): Promise<void> {
  const body = await readJsonObject(exchange.request);
  const caller = await callerOf(exchange, context.authenticator);
  const ts = parseTs(body, context);
  const { request, format } = parseCall(body, caller, exchange, "json");
  const outcome = await context.runner.runQuery(request, { ts });
  await reply(exchange, outcome, format);
}

/** A short request must not make an answer that fills the memory. */
const MAX_BATCH_QUERIES = 256;

/** `POST /api/query_batch`: many queries at one snapshot. */
export async function postQueryBatch(exchange: Exchange, context: HttpContext): Promise<void> {
  const body = await readJsonObject(exchange.request);
  const caller = await callerOf(exchange, context.authenticator);
  const queries = requireArrayField(body, "queries");
  if (queries.length > MAX_BATCH_QUERIES) {
    throw badBody(`\`queries\` must not hold more than ${MAX_BATCH_QUERIES}.`);
  }
  const calls = queries.map((query) =>
    parseCall(requireJsonObject(query, "Each query"), caller, exchange, "json"),
  );
  const ts = context.database.latestTs;
  const results = await Promise.all(
    calls.map(async ({ request, format }) => {
      const outcome = await context.runner.runQuery(request, { ts });
      return encodeOutcome(outcome, format);
    }),
  );
  sendJsonText(exchange.response, `{"results":[${results.join(",")}]}`);
}

/** `POST /api/run/<module path>/<export>` with `{ args, format }`. */
export async function postRun(exchange: Exchange, context: HttpContext): Promise<void> {
  const body = await readJsonObject(exchange.request);
  const caller = await callerOf(exchange, context.authenticator);
  const path = functionPath(exchange.pathname.slice("/api/run/".length));
  const { request, format } = parseCall({ ...body, path }, caller, exchange, "json");
  countCall(exchange, caller);
  await reply(exchange, await run(request, context, "any"), format);
}

function countCall({ traffic }: Exchange, caller: Caller): void {
  if (caller.kind === "client") traffic.call(caller.identity?.tokenIdentifier ?? null);
}

function run(
  request: WatchRequest,
  { runner }: HttpContext,
  type: "query" | "mutation" | "action" | "any",
): Promise<Outcome> {
  switch (type) {
    case "query":
      return runner.runQuery(request);
    case "mutation":
      return runner.runMutation(request);
    case "action":
      return runner.runAction(request);
    case "any":
      return runAny(request, runner);
  }
}

/** Admins are told that a function does not exist; the command line then lists those that do. */
async function runAny(request: FunctionRequest, runner: FunctionRunner): Promise<Outcome> {
  const { caller, componentPath, path, metadata } = request;
  if (caller.kind !== "admin" || (await runner.functionType(componentPath, path)) !== null) {
    return runner.runAny(request);
  }
  const problem = `Could not find function for '${path}'. Did you forget to run \`npx convex dev\`?`;
  const errorMessage = `[Request ID: ${metadata.requestId}] Server Error\n${problem}`;
  return { ok: false, errorMessage, logLines: [] };
}

/** All that an outcome shows is on the disk by the time the runner delivers it. */
async function reply({ response }: Exchange, outcome: Outcome, format: Format): Promise<void> {
  await endOfTurn();
  sendJsonText(response, answerTo(outcome, format));
}

/** Answers that were sent before, for as long as the results live; `null` for those sent once. */
const knownAnswers = new WeakMap<Outcome, Buffer | null>();
/** Shorter ones are encoded as fast as they are found. */
const MIN_KNOWN_LENGTH = 2_048;

/** Results that many ask for are encoded once. */
function answerTo(outcome: Outcome, format: Format): string | Buffer {
  if (!outcome.ok || outcome.valueJson.length < MIN_KNOWN_LENGTH || format === "json") {
    return encodeOutcome(outcome, format);
  }
  const known = knownAnswers.get(outcome);
  if (known instanceof Buffer) return known;
  const text = encodeOutcome(outcome, format);
  if (known === undefined) {
    knownAnswers.set(outcome, null);
    return text;
  }
  const answer = Buffer.from(text);
  knownAnswers.set(outcome, answer);
  return answer;
}

function encodeOutcome(outcome: Outcome, format: Format): string {
  const logLines =
    outcome.logLines.length === 0 ? "" : `,"logLines":${JSON.stringify(outcome.logLines)}`;
  if (outcome.ok) {
    return `{"status":"success","value":${formatted(outcome.valueJson, format)}${logLines}}`;
  }
  const errorData =
    outcome.errorDataJson === undefined
      ? ""
      : `,"errorData":${formatted(outcome.errorDataJson, format)}`;
  return `{"status":"error","errorMessage":${JSON.stringify(outcome.errorMessage)}${errorData}${logLines}}`;
}

function formatted(valueJson: string, format: Format): string {
  return format === "json" ? cleanJson(valueJson) : valueJson;
}

function parseCall(
  body: JsonObject,
  caller: Caller,
  { metadata }: Exchange,
  defaultFormat: Format,
): Call {
  const componentPath = body["componentPath"] ?? "";
  if (typeof componentPath !== "string") throw badBody("`componentPath` must be a string.");
  if (componentPath !== "" && caller.kind !== "admin") {
    throw new ServiceError(
      "forbidden",
      "ComponentForbidden",
      "Only admins can call functions of components directly.",
    );
  }
  const path = requireTextField(body, "path");
  const argsJson = parseArguments(body["args"]);
  return {
    request: { componentPath, path, argsJson, caller, metadata, journal: null },
    format: parseFormat(body["format"], defaultFormat),
  };
}

/** Clients send the arguments in an array of one, other tools send the object itself. */
function parseArguments(args: unknown): string {
  if (args === undefined) return "[{}]";
  if (!Array.isArray(args)) return stringifyJson([requireJsonObject(args, "`args`")], "`args`");
  if (args.length !== 1) throw badBody("`args` must be an object or an array of one object.");
  return stringifyJson([requireJsonObject(args[0], "`args[0]`")], "`args`");
}

function parseFormat(format: unknown, defaultFormat: Format): Format {
  if (format === undefined || format === null) return defaultFormat;
  if (format === "json" || format === "convex_encoded_json") return format;
  throw new ServiceError(
    "badRequest",
    "BadFormat",
    `Unknown format ${JSON.stringify(format)}: use json or convex_encoded_json.`,
  );
}

function parseTs(body: JsonObject, { database }: HttpContext): Timestamp {
  const ts = decodeTimestamp(requireTextField(body, "ts"));
  if (ts === null) throw badBody("`ts` must come from /api/query_ts.");
  if (ts < database.oldestTs || ts > database.latestTs) {
    throw new ServiceError(
      "badRequest",
      "OutOfRetention",
      "The timestamp is in the future or too long ago; ask for a new one.",
    );
  }
  return ts;
}

function functionPath(encoded: string): string {
  const segments = encoded.split("/").map(decodeSegment);
  const name = segments.pop() ?? "";
  return segments.length === 0 ? name : `${segments.join("/")}:${name}`;
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw badBody("The path is not valid percent-encoding.");
  }
}

let turn: Promise<void> | null = null;

/**
 * Answers to what arrived in one turn of the event loop are sent together at its end: waking the
 * other side for each of them costs more than the answers do.
 */
function endOfTurn(): Promise<void> {
  turn ??= new Promise((resolve) => {
    setImmediate(() => {
      turn = null;
      resolve();
    });
  });
  return turn;
}
