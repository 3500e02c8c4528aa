/**
 * The functions rung's contract: running queries, mutations, actions and HTTP actions of the deployed
 * modules, and sharing live query results. Used by scheduler, sync and http.
 *
 * Arguments, results, journals and error data cross this boundary as JSON text ("string in, string
 * out"), so that a slow query can move to another thread later.
 */
import type { ComponentPath, Timestamp, Transaction } from "../database/types.ts";

/**
 * Who is calling. `system` runs scheduled functions and crons: internal allowed, no identity.
 * `scheduledFunctionId` is the `_scheduled_functions` id of the job being run, when there is one.
 */
export type Caller =
  | { readonly kind: "client"; readonly identity: Identity | null }
  | { readonly kind: "admin"; readonly actingAs: Identity | null }
  | { readonly kind: "system"; readonly scheduledFunctionId?: string };

/** A verified identity: its attributes as `ctx.auth.getUserIdentity()` returns them. */
export interface Identity {
  readonly tokenIdentifier: string;
  readonly attributesJson: string;
  /** Milliseconds of Unix time; a function about to run after it must be refused. */
  readonly expiresAt: number | null;
  /** The token that proved it; an identity that an admin acts as has none. */
  readonly token?: string;
}

export interface RequestMetadata {
  readonly requestId: string;
  readonly ip: string | null;
  readonly userAgent: string | null;
}

export interface FunctionRequest {
  readonly componentPath: ComponentPath;
  /** `dir/module:export`, `module.js:export`, bare `module`; canonicalised by the runner. */
  readonly path: string;
  /** JSON text of the argument array: `[{…}]`. */
  readonly argsJson: string;
  readonly caller: Caller;
  readonly metadata: RequestMetadata;
}

export interface FunctionFailure {
  readonly ok: false;
  /** `[Request ID: …] Server Error\nUncaught …` as clients get it. */
  readonly errorMessage: string;
  /** Present only for ConvexError: encoded Convex JSON text of its data. */
  readonly errorDataJson?: string;
  readonly logLines: readonly string[];
}

export interface QuerySuccess {
  readonly ok: true;
  readonly valueJson: string;
  readonly logLines: readonly string[];
  readonly journal: string | null;
}
export type QueryOutcome = QuerySuccess | (FunctionFailure & { readonly journal: string | null });

export interface MutationSuccess {
  readonly ok: true;
  readonly valueJson: string;
  readonly logLines: readonly string[];
  /** Commit timestamp; durable by the time the outcome is delivered. */
  readonly ts: Timestamp;
}
export type MutationOutcome = MutationSuccess | FunctionFailure;

export interface ActionSuccess {
  readonly ok: true;
  readonly valueJson: string;
  readonly logLines: readonly string[];
}
export type ActionOutcome = ActionSuccess | FunctionFailure;

/** How an HTTP action ended, after its response began or instead of it. */
export interface HttpActionEnd {
  readonly error: string | null;
  readonly logLines: readonly string[];
}

export type FunctionType = "query" | "mutation" | "action";

/** Identifies a mutation sent over a socket, so that a repeat returns the stored result. */
export interface SessionRequest {
  readonly sessionId: string;
  readonly requestId: number;
}

/**
 * One query that clients watch, shared by all who ask the same thing (path, args, journal, and
 * identity only when it was read). Reference-counted.
 */
export interface LiveQuery {
  /**
   * The outcome valid at `ts` (the latest timestamp): at once when it is known, so that a thousand
   * watchers need not wait each for itself, else a promise of it. Computed at most once between
   * invalidations whatever the number of watchers; the identical object while nothing changed, so
   * that `===` on outcomes tells whether to send anything.
   */
  evaluate(ts: Timestamp): QueryOutcome | Promise<QueryOutcome>;
  /** True when no commit touched it since it was last evaluated. */
  readonly isFresh: boolean;
  release(): void;
}

export interface WatchRequest extends FunctionRequest {
  readonly journal: string | null;
}

/**
 * Writes that commit together with a scheduled mutation's own, so that a job happens exactly once.
 * Called again from the start for every retry after a conflict; retries have no bound here.
 */
export interface JobEnvelope {
  /** Before the function, in its transaction. `false` drops the run: the job is no longer pending. */
  begin(transaction: Transaction): boolean;
  /**
   * When the function has to wait because it keeps others waiting; nothing has been begun by then.
   * `false` drops the run: the caller begins it again later.
   */
  putOff(): boolean;
  /**
   * After it, in the same transaction. After a failure the function's own writes are already undone,
   * and what this writes is committed all the same.
   */
  complete(transaction: Transaction, result: { readonly error: string | null }): void;
}

export type JobOutcome =
  { readonly kind: "dropped" } | { readonly kind: "ran"; readonly outcome: MutationOutcome };

export interface FunctionRunner {
  runQuery(request: WatchRequest, options?: { readonly ts?: Timestamp }): Promise<QueryOutcome>;
  /** Starts before the previous one's flush is done; resolves only when durable. */
  runMutation(request: FunctionRequest, session?: SessionRequest): Promise<MutationOutcome>;
  /** A scheduled mutation together with its job's state. Resolves only when durable. */
  runScheduledMutation(request: FunctionRequest, envelope: JobEnvelope): Promise<JobOutcome>;
  runAction(request: FunctionRequest): Promise<ActionOutcome>;
  /** What a path is at the latest timestamp, whoever may call it; `null` when there is no such function. */
  functionType(componentPath: ComponentPath, path: string): Promise<FunctionType | null>;
  /** Any type of function, for `/api/function` and `convex run`. */
  runAny(request: FunctionRequest): Promise<QueryOutcome | MutationOutcome | ActionOutcome>;
  runHttpAction(
    request: Request,
    /** `{ error }` when the Authorization header was unusable: thrown only by `getUserIdentity()`. */
    auth: { readonly caller: Caller } | { readonly error: string },
    metadata: RequestMetadata,
    /** Told when the response has been read to its end, or will not be; not for what is no route. */
    onEnded?: (end: HttpActionEnd) => void,
  ): Promise<Response>;
  /** `onInvalidated` is called synchronously inside the commit that touched it, once until the next evaluate. */
  watch(request: WatchRequest, onInvalidated: () => void): LiveQuery;
  /** Refuses queries and mutations that have not begun, waits for the one that runs, ends actions. */
  drain(): Promise<void>;
}
