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
  add(entry: FunctionLogEntry): void;
  /** Entries after the cursor (milliseconds); waits up to `timeoutMs` when there are none. */
  poll(
    cursorMs: number,
    timeoutMs: number,
  ): Promise<{ readonly entries: readonly FunctionLogEntry[]; readonly newCursor: number }>;
  /** Answers those who wait. */
  close(): void;
}

type LoggedCall = Pick<FunctionRequest, "componentPath" | "path" | "caller" | "metadata">;

interface LoggedOutcome {
  readonly ok: boolean;
  readonly logLines: readonly string[];
  readonly errorMessage?: string;
}

const MAX_ENTRIES = 1000;
const NOBODY: Caller = { kind: "client", identity: null };

export function createFunctionLog(now: () => number = Date.now): FunctionLog {
  const entries: { readonly cursor: number; readonly entry: FunctionLogEntry }[] = [];
  const waiters = new Set<() => void>();
  // Not 0, by which a first poll asks where the log ends.
  let lastCursor = now();

  const after = (cursorMs: number) => entries.filter(({ cursor }) => cursor > cursorMs);
  const wakeAll = () => {
    for (const wake of waiters) wake();
  };

  return {
    add(entry) {
      lastCursor = Math.max(now(), lastCursor + 0.001);
      entries.push({ cursor: lastCursor, entry });
      if (entries.length > MAX_ENTRIES) entries.shift();
      wakeAll();
    },
    async poll(cursorMs, timeoutMs) {
      if (after(cursorMs).length === 0) await wait(waiters, timeoutMs);
      const found = after(cursorMs);
      return {
        entries: found.map(({ entry }) => entry),
        newCursor: found.at(-1)?.cursor ?? Math.max(cursorMs, lastCursor),
      };
    },
    close: wakeAll,
  };
}

/** The runner, with every finished call noted in the log. Live queries are noted when they rerun. */
export function withFunctionLog(
  runner: FunctionRunner,
  log: FunctionLog,
  now: () => number = Date.now,
): FunctionRunner {
  return new LoggedRunner(runner, new CallNotes(log, now));
}

type LoggedType = FunctionLogEntry["udfType"];

/** Turns calls into entries of the log. */
class CallNotes {
  readonly #log: FunctionLog;
  readonly now: () => number;

  constructor(log: FunctionLog, now: () => number) {
    this.#log = log;
    this.now = now;
  }

  add(type: LoggedType, request: LoggedCall, startedAt: number, outcome: LoggedOutcome): void {
    const endedAt = this.now();
    this.#log.add({
      kind: "Completion",
      componentPath: request.componentPath === "" ? null : request.componentPath,
      identifier: request.path,
      udfType: type,
      timestamp: endedAt / 1000,
      executionTimestamp: startedAt / 1000,
      executionTime: (endedAt - startedAt) / 1000,
      logLines: outcome.logLines,
      error: outcome.errorMessage ?? null,
      success: outcome.ok ? { status: "success" } : null,
      requestId: request.metadata.requestId,
      executionId: randomId(),
      caller: request.caller.kind,
      identityType: identityType(request.caller),
      willRetry: false,
      environment: "isolate",
      cachedResult: false,
    });
  }

  async around<Outcome extends LoggedOutcome>(
    type: LoggedType,
    request: LoggedCall,
    run: () => Promise<Outcome>,
  ): Promise<Outcome> {
    const startedAt = this.now();
    const outcome = await run();
    this.add(type, request, startedAt, outcome);
    return outcome;
  }
}

class LoggedRunner implements FunctionRunner {
  readonly #runner: FunctionRunner;
  readonly #notes: CallNotes;
  readonly #notedOutcomes = new WeakSet<QueryOutcome>();

  constructor(runner: FunctionRunner, notes: CallNotes) {
    this.#runner = runner;
    this.#notes = notes;
  }

  runQuery(request: WatchRequest, options?: { readonly ts?: Timestamp }): Promise<QueryOutcome> {
    return this.#notes.around("Query", request, () => this.#runner.runQuery(request, options));
  }

  runMutation(request: FunctionRequest, session?: SessionRequest): Promise<MutationOutcome> {
    const run = () => this.#runner.runMutation(request, session);
    return this.#notes.around("Mutation", request, run);
  }

  async runScheduledMutation(request: FunctionRequest, envelope: JobEnvelope): Promise<JobOutcome> {
    const startedAt = this.#notes.now();
    const job = await this.#runner.runScheduledMutation(request, envelope);
    if (job.kind === "ran") this.#notes.add("Mutation", request, startedAt, job.outcome);
    return job;
  }

  runAction(request: FunctionRequest): Promise<ActionOutcome> {
    return this.#notes.around("Action", request, () => this.#runner.runAction(request));
  }

  async runAny(request: FunctionRequest): Promise<QueryOutcome | MutationOutcome | ActionOutcome> {
    const type = await this.functionType(request.componentPath, request.path);
    return this.#notes.around(logType(type), request, () => this.#runner.runAny(request));
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
    const startedAt = this.#notes.now();
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
      this.#notes.add("HttpAction", call, startedAt, outcome);
      onEnded?.({ error, logLines });
    });
  }

  watch(request: WatchRequest, onInvalidated: () => void): LiveQuery {
    const live = this.#runner.watch(request, onInvalidated);
    return {
      evaluate: (ts) => {
        const startedAt = this.#notes.now();
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

  /** Watchers of one query get the same object; who is first notes its run. */
  #noteOnce(request: WatchRequest, outcome: QueryOutcome, startedAt: number): QueryOutcome {
    if (this.#notedOutcomes.has(outcome)) return outcome;
    this.#notes.add("Query", request, startedAt, outcome);
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
