import type {
  ActionOutcome,
  Caller,
  FunctionRequest,
  FunctionRunner,
  FunctionType,
  JobOutcome,
  MutationOutcome,
  QueryOutcome,
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
  const notedOutcomes = new WeakSet<QueryOutcome>();

  function note(
    type: FunctionLogEntry["udfType"],
    request: LoggedCall,
    startedAt: number,
    outcome: LoggedOutcome,
  ): void {
    log.add({
      kind: "Completion",
      componentPath: request.componentPath === "" ? null : request.componentPath,
      identifier: request.path,
      udfType: type,
      timestamp: now() / 1000,
      executionTimestamp: startedAt / 1000,
      executionTime: (now() - startedAt) / 1000,
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

  async function noted<Outcome extends QueryOutcome | MutationOutcome | ActionOutcome>(
    type: FunctionLogEntry["udfType"],
    request: FunctionRequest,
    run: () => Promise<Outcome>,
  ): Promise<Outcome> {
    const startedAt = now();
    const outcome = await run();
    note(type, request, startedAt, outcome);
    return outcome;
  }

  return {
    runQuery: (request, options) =>
      noted("Query", request, () => runner.runQuery(request, options)),
    runMutation: (request, session) =>
      noted("Mutation", request, () => runner.runMutation(request, session)),
    async runScheduledMutation(request, envelope): Promise<JobOutcome> {
      const startedAt = now();
      const job = await runner.runScheduledMutation(request, envelope);
      if (job.kind === "ran") note("Mutation", request, startedAt, job.outcome);
      return job;
    },
    runAction: (request) => noted("Action", request, () => runner.runAction(request)),
    async runAny(request) {
      const type = await runner.functionType(request.componentPath, request.path);
      return noted(logType(type), request, () => runner.runAny(request));
    },
    functionType: (componentPath, path) => runner.functionType(componentPath, path),
    runHttpAction(request, auth, metadata, onEnded) {
      const startedAt = now();
      const { pathname } = new URL(request.url);
      const call = {
        componentPath: "",
        path: `${request.method} ${pathname}`,
        caller: "caller" in auth ? auth.caller : NOBODY,
        metadata,
      };
      return runner.runHttpAction(request, auth, metadata, ({ error, logLines }) => {
        const outcome =
          error === null ? { ok: true, logLines } : { ok: false, logLines, errorMessage: error };
        note("HttpAction", call, startedAt, outcome);
        onEnded?.({ error, logLines });
      });
    },
    watch(request, onInvalidated) {
      const live = runner.watch(request, onInvalidated);
      // Watchers of one query get the same object; who is first notes its run.
      const noteOnce = (outcome: QueryOutcome, startedAt: number): QueryOutcome => {
        if (notedOutcomes.has(outcome)) return outcome;
        note("Query", request, startedAt, outcome);
        notedOutcomes.add(outcome);
        return outcome;
      };
      return {
        evaluate(ts) {
          const startedAt = now();
          const outcome = live.evaluate(ts);
          return outcome instanceof Promise
            ? outcome.then((known) => noteOnce(known, startedAt))
            : noteOnce(outcome, startedAt);
        },
        get isFresh() {
          return live.isFresh;
        },
        release: () => live.release(),
      };
    },
    drain: () => runner.drain(),
  };
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
