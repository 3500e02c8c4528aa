import type { ComponentPath, Timestamp } from "../database/types.ts";
import type {
  ActionOutcome,
  Caller,
  FunctionRequest,
  FunctionRunner,
  FunctionType,
  HttpActionEnd,
  JobEnvelope,
  JobOutcome,
  LiveQuery,
  MutationOutcome,
  QueryOutcome,
  RequestMetadata,
  SessionRequest,
  WatchRequest,
} from "../functions/types.ts";
import { randomId } from "../lib/random-id.ts";

/** One finished call as `npx convex logs` and `npx convex dev` print it; times in seconds. */
interface FunctionLogEntry {
  readonly kind: "Completion";
  /** Instance path, `null` for the app. */
  readonly componentPath: string | null;
  readonly identifier: string;
  readonly udfType: "Query" | "Mutation" | "Action" | "HttpAction";
  readonly timestamp: number;
  readonly executionTimestamp: number;
  readonly executionTime: number;
  readonly logLines: readonly string[];
  readonly error: string | null;
  readonly success: { readonly status: string } | null;
  readonly requestId: string;
  readonly executionId: string;
  readonly caller: string;
  readonly identityType: "user" | "unknown" | "instance_admin" | "system";
  readonly willRetry: false;
  readonly environment: "isolate";
  readonly cachedResult: boolean;
}

/** The latest calls, and a way to wait for more. */
export interface FunctionLog {
  /** Notes a call that has just ended; `startedAt` in milliseconds. */
  add(type: LoggedType, call: LoggedCall, startedAt: number, outcome: LoggedOutcome): void;
  /** Entries after the cursor (milliseconds); waits up to `timeoutMs` when there are none. */
  poll(
    cursorMs: number,
    timeoutMs: number,
  ): Promise<{ readonly entries: readonly FunctionLogEntry[]; readonly newCursor: number }>;
  /** Answers those who wait. */
  close(): void;
}

type LoggedType = FunctionLogEntry["udfType"];

type LoggedCall = Pick<FunctionRequest, "componentPath" | "path" | "caller" | "metadata">;

interface LoggedOutcome {
  readonly ok: boolean;
  readonly logLines: readonly string[];
  readonly errorMessage?: string;
}

const MAX_ENTRIES = 1000;
const NOBODY: Caller = { kind: "client", identity: null };

export function createFunctionLog(now: () => number = Date.now): FunctionLog {
  const calls: NotedCall[] = [];
  let next = 0;
  const waiters = new Set<() => void>();
  // Not 0, by which a first poll asks where the log ends.
  let lastCursor = now();

  const after = (cursorMs: number) =>
    calls
      .filter(({ cursor }) => cursor > cursorMs)
      .toSorted((left, right) => left.cursor - right.cursor);
  const wakeAll = () => {
    for (const wake of waiters) wake();
  };

  return {
    add(type, call, startedAt, outcome) {
      const endedAt = now();
      lastCursor = Math.max(endedAt, lastCursor + 0.001);
      const place = (calls[next] ??= new NotedCall());
      next = (next + 1) % MAX_ENTRIES;
      place.note(lastCursor, type, call, startedAt, endedAt, outcome);
      wakeAll();
    },
    async poll(cursorMs, timeoutMs) {
      if (after(cursorMs).length === 0) await wait(waiters, timeoutMs);
      const found = after(cursorMs);
      return {
        entries: found.map((call) => call.entry()),
        newCursor: found.at(-1)?.cursor ?? Math.max(cursorMs, lastCursor),
      };
    },
    close: wakeAll,
  };
}

/**
 * What the log keeps of a call. Its place is used again for later calls, and the entry is made when
 * somebody asks for it: calls are many, and those who read of them few.
 */
class NotedCall {
  cursor = 0;
  #type: LoggedType = "Query";
  #componentPath = "";
  #path = "";
  #startedAt = 0;
  #endedAt = 0;
  #logLines: readonly string[] = [];
  #error: string | null = null;
  #isSuccess = true;
  #requestId = "";
  #executionId: string | null = null;
  #caller: Caller["kind"] = "client";
  #identityType: FunctionLogEntry["identityType"] = "unknown";

  note(
    cursor: number,
    type: LoggedType,
    { componentPath, path, caller, metadata }: LoggedCall,
    startedAt: number,
    endedAt: number,
    { ok, logLines, errorMessage }: LoggedOutcome,
  ): void {
    this.cursor = cursor;
    this.#type = type;
    this.#componentPath = componentPath;
    this.#path = path;
    this.#startedAt = startedAt;
    this.#endedAt = endedAt;
    this.#logLines = logLines;
    this.#error = errorMessage ?? null;
    this.#isSuccess = ok;
    this.#requestId = metadata.requestId;
    this.#executionId = null;
    this.#caller = caller.kind;
    this.#identityType = identityType(caller);
  }

  entry(): FunctionLogEntry {
    this.#executionId ??= randomId();
    return {
      kind: "Completion",
      componentPath: this.#componentPath === "" ? null : this.#componentPath,
      identifier: this.#path,
      udfType: this.#type,
      timestamp: this.#endedAt / 1000,
      executionTimestamp: this.#startedAt / 1000,
      executionTime: (this.#endedAt - this.#startedAt) / 1000,
      logLines: this.#logLines,
      error: this.#error,
      success: this.#isSuccess ? { status: "success" } : null,
      requestId: this.#requestId,
      executionId: this.#executionId,
      caller: this.#caller,
      identityType: this.#identityType,
      willRetry: false,
      environment: "isolate",
      cachedResult: false,
    };
  }
}

/** The runner, with every finished call noted in the log. Live queries are noted when they rerun. */
export function withFunctionLog(
  runner: FunctionRunner,
  log: FunctionLog,
  now: () => number = Date.now,
): FunctionRunner {
  return new LoggedRunner(runner, log, now);
}

class LoggedRunner implements FunctionRunner {
  readonly #runner: FunctionRunner;
  readonly #log: FunctionLog;
  readonly #now: () => number;
  readonly #notedOutcomes = new WeakSet<QueryOutcome>();

  constructor(runner: FunctionRunner, log: FunctionLog, now: () => number) {
    this.#runner = runner;
    this.#log = log;
    this.#now = now;
  }

  runQuery(request: WatchRequest, options?: { readonly ts?: Timestamp }): Promise<QueryOutcome> {
    const startedAt = this.#now();
    return this.#noteEnd("Query", request, startedAt, this.#runner.runQuery(request, options));
  }

  runMutation(request: FunctionRequest, session?: SessionRequest): Promise<MutationOutcome> {
    const startedAt = this.#now();
    const running = this.#runner.runMutation(request, session);
    return this.#noteEnd("Mutation", request, startedAt, running);
  }

  async runScheduledMutation(request: FunctionRequest, envelope: JobEnvelope): Promise<JobOutcome> {
    const startedAt = this.#now();
    const job = await this.#runner.runScheduledMutation(request, envelope);
    if (job.kind === "ran") this.#log.add("Mutation", request, startedAt, job.outcome);
    return job;
  }

  runAction(request: FunctionRequest): Promise<ActionOutcome> {
    const startedAt = this.#now();
    return this.#noteEnd("Action", request, startedAt, this.#runner.runAction(request));
  }

  async runAny(request: FunctionRequest): Promise<QueryOutcome | MutationOutcome | ActionOutcome> {
    const type = await this.functionType(request.componentPath, request.path);
    const startedAt = this.#now();
    return this.#noteEnd(logType(type), request, startedAt, this.#runner.runAny(request));
  }

  functionType(componentPath: ComponentPath, path: string): Promise<FunctionType | null> {
    return this.#runner.functionType(componentPath, path);
  }

  runHttpAction(
    request: Request,
    auth: { readonly caller: Caller } | { readonly error: string },
    metadata: RequestMetadata,
    onEnded?: (end: HttpActionEnd) => void,
  ): Promise<Response> {
    const startedAt = this.#now();
    const { pathname } = new URL(request.url);
    const call = {
      componentPath: "",
      path: `${request.method} ${pathname}`,
      caller: "caller" in auth ? auth.caller : NOBODY,
      metadata,
    };
    return this.#runner.runHttpAction(request, auth, metadata, ({ error, logLines }) => {
      const outcome =
        error === null ? { ok: true, logLines } : { ok: false, logLines, errorMessage: error };
      this.#log.add("HttpAction", call, startedAt, outcome);
      onEnded?.({ error, logLines });
    });
  }

  watch(request: WatchRequest, onInvalidated: () => void): LiveQuery {
    const live = this.#runner.watch(request, onInvalidated);
    return {
      evaluate: (ts) => {
        const startedAt = this.#now();
        const outcome = live.evaluate(ts);
        return outcome instanceof Promise
          ? outcome.then((known) => this.#noteOnce(request, known, startedAt))
          : this.#noteOnce(request, outcome, startedAt);
      },
      get isFresh() {
        return live.isFresh;
      },
      release: () => live.release(),
    };
  }

  drain(): Promise<void> {
    return this.#runner.drain();
  }

  async #noteEnd<Outcome extends LoggedOutcome>(
    type: LoggedType,
    call: LoggedCall,
    startedAt: number,
    running: Promise<Outcome>,
  ): Promise<Outcome> {
    const outcome = await running;
    this.#log.add(type, call, startedAt, outcome);
    return outcome;
  }

  /** Watchers of one query get the same object; who is first notes its run. */
  #noteOnce(request: WatchRequest, outcome: QueryOutcome, startedAt: number): QueryOutcome {
    if (this.#notedOutcomes.has(outcome)) return outcome;
    this.#log.add("Query", request, startedAt, outcome);
    this.#notedOutcomes.add(outcome);
    return outcome;
  }
}

function identityType(caller: Caller): FunctionLogEntry["identityType"] {
  switch (caller.kind) {
    case "admin":
      return "instance_admin";
    case "system":
      return "system";
    case "client":
      return caller.identity === null ? "unknown" : "user";
  }
}

function logType(type: FunctionType | null): FunctionLogEntry["udfType"] {
  switch (type) {
    case "mutation":
      return "Mutation";
    case "action":
      return "Action";
    default:
      return "Query";
  }
}

function wait(waiters: Set<() => void>, timeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timeout);
      waiters.delete(wake);
      resolve();
    };
    const timeout = setTimeout(wake, timeoutMs);
    waiters.add(wake);
  });
}
