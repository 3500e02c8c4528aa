import type { Authenticator } from "../auth/authenticator.ts";
import type { Database, Timestamp } from "../database/types.ts";
import { requireUnexpired } from "../functions/admission.ts";
import type {
  Caller,
  FunctionRequest,
  FunctionRunner,
  RequestMetadata,
} from "../functions/types.ts";
import { randomId } from "../lib/random-id.ts";
import { RUNNING_LIMITS } from "../lib/limits.ts";
import { ServiceError, toServiceError } from "../lib/service-error.ts";
import type { AddressTraffic } from "../lib/traffic-control.ts";
import type { TrafficLimits } from "../lib/traffic-limits.ts";
import {
  authErrorFrame,
  fatalErrorFrame,
  MAX_UNCHUNKED_LENGTH,
  PING_FRAME,
  splitTransition,
  type FrameEncoder,
  type QueryChange,
  type StateVersion,
} from "./frames.ts";
import {
  parseClientMessage,
  type ClientMessage,
  type Credentials,
  type FunctionCall,
  type QuerySetModification,
} from "./protocol.ts";
import { QuerySet } from "./query-set.ts";
import type { UpdatedSession, UpdateRounds } from "./update-rounds.ts";

/** One client's socket, as the session sees it. */
export interface SyncTransport {
  /** `onFlushed` is called when the frame has left the process. */
  send(frame: string | Buffer, onFlushed?: () => void): void;
  /** Closes after what was sent; without a code where the client itself will act. */
  close(code?: number, reason?: string): void;
  /** Stops and resumes delivery of the client's messages. */
  setPaused(isPaused: boolean): void;
  /** What was sent and the client has not read yet. */
  readonly bufferedBytes: number;
}

export interface SyncDependencies {
  readonly database: Pick<Database, "latestTs">;
  readonly runner: FunctionRunner;
  readonly authenticator: Authenticator;
  readonly frames: FrameEncoder;
  readonly rounds: UpdateRounds;
  /** Milliseconds of Unix time. */
  readonly now: () => number;
  readonly onError: (error: ServiceError) => void;
  readonly limits: TrafficLimits;
}

export interface SyncSessionOptions {
  readonly ip: string | null;
  readonly userAgent: string | null;
  /** Whether the client understands `TransitionChunk`. */
  readonly acceptsChunks: boolean;
  /** What the client's address may still do. */
  readonly traffic: AddressTraffic;
  /** Called after each frame, so that what all clients leave unread can be bounded. */
  readonly onSent: () => void;
}

/** Why a client that does not read is sent away. It starts with a name that makes it come back. */
export const UNREAD_REASON = "TooManyConcurrentRequests: the client does not read";
/** Why sockets are closed when the deployment ends; also with a name that brings clients back. */
export const CLOSING_REASON = "InternalServerError: the deployment is restarting";
/** A client that reads slower than its queries change skips intermediate states. */
const MAX_UNSENT_TRANSITIONS = 2;
const MAX_WAITING_MESSAGES = 100;
const MAX_WAITING_LENGTH = 1024 * 1024;
/** With more than this unread, nothing new is begun for a client: no Transition and no message. */
const COMFORTABLE_UNREAD_BYTES = 1024 * 1024;

/** What the client will be told, once it is on the disk. */
interface Update {
  readonly end: StateVersion;
  readonly changes: readonly QueryChange[];
  /** Whether the client waits for a Transition even if nothing changed. */
  readonly isMandatory: boolean;
}

/**
 * The server's side of one sync socket. Invariants:
 *
 * - each Transition starts where the one before ended, and its timestamp never goes back;
 * - all queries of a Transition were evaluated at its timestamp, which is durable;
 * - no Transition reaches the timestamp of a mutation of this socket before its response;
 * - one update is in flight at a time.
 */
export class SyncSession implements UpdatedSession {
  readonly #dependencies: SyncDependencies;
  readonly #transport: SyncTransport;
  readonly #options: SyncSessionOptions;
  readonly #queries: QuerySet;
  readonly #waiting: string[] = [];
  #waitingLength = 0;
  #isHandling = false;
  #isPaused = false;
  #isClosed = false;
  #isDraining = false;
  #lastSentAt: number;

  #sessionId: string | null = null;
  #caller: Caller = { kind: "client", identity: null };
  #isIdentityChanged = false;
  #modifications: QuerySetModification[] = [];
  /** What the client asked for; `#sent` is what it was told. */
  #received = { querySet: 0, identity: 0 };
  #sent: StateVersion = { querySet: 0, ts: 0n, identity: 0 };

  #isUpdateScheduled = false;
  #isUpdateMandatory = false;
  #isUpdating = false;
  #update: Update | null = null;
  #onUpdateEnded: () => void = () => undefined;
  #unsentTransitions = 0;
  #queuedMutations = 0;
  #mutationsAnswered: Promise<void> = Promise.resolve();
  readonly #runningActions = new Set<Promise<void>>();

  constructor(
    dependencies: SyncDependencies,
    transport: SyncTransport,
    options: SyncSessionOptions,
  ) {
    this.#dependencies = dependencies;
    this.#transport = transport;
    this.#options = options;
    this.#lastSentAt = dependencies.now();
    this.#queries = new QuerySet({
      runner: dependencies.runner,
      newMetadata: () => this.#newMetadata(),
      onInvalidated: () => this.#scheduleUpdate({ isMandatory: false }),
      limits: dependencies.limits,
    });
  }

  /** Takes a text frame from the client; messages are handled one after the other. */
  receive(text: string): void {
    if (this.#isClosed || this.#isDraining || !this.#takeMessages(1)) return;
    this.#waiting.push(text);
    this.#waitingLength += text.length;
    if (!this.#isHandling) void this.#handleWaiting();
    if (this.#isBehind) this.#setPaused(true);
  }

  /** Counts a frame that carries no message. */
  countMessage(): void {
    if (!this.#isClosed) this.#takeMessages(1);
  }

  /** Takes no more messages; resolves once those it took are answered. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    this.#waiting.length = 0;
    await this.#mutationsAnswered;
    await Promise.all(this.#runningActions);
    this.startUpdate();
    while (this.#isUpdating && !this.#isClosed) {
      await new Promise<void>((resolve) => (this.#onUpdateEnded = resolve));
    }
  }

  /** Ends the session so that the client comes back for what it was not told. */
  close(reason: string): void {
    if (this.#isClosed) return;
    this.#transport.close(1013, reason);
    this.dispose();
  }

  /** Sends a Ping when nothing else was sent for `idleMs`. */
  pingIfIdle(idleMs: number): void {
    if (!this.#isClosed && this.#dependencies.now() - this.#lastSentAt >= idleMs) {
      this.#send(PING_FRAME);
    }
  }

  /** Ends the session with the protocol's answer to the error. */
  fail(error: unknown): void {
    if (this.#isClosed) return;
    const failure = toServiceError(error);
    this.#dependencies.onError(failure);
    const isAuthUpdate = failure instanceof AuthUpdateError;
    if (failure.kind === "unauthenticated") {
      this.#send(authErrorFrame(failure.message, this.#sent.identity, isAuthUpdate));
    } else if (isClientsFault(failure)) {
      this.#send(fatalErrorFrame(failure.message));
    }
    const { code, reason } = closeFrame(failure);
    this.#transport.close(code, reason);
    this.dispose();
  }

  /** Forgets everything once the socket is gone; mutations already taken still run. */
  dispose(): void {
    this.#isClosed = true;
    this.#waiting.length = 0;
    this.#queries.close();
  }

  async #handleWaiting(): Promise<void> {
    this.#isHandling = true;
    try {
      while (!this.#isUnread) {
        const text = this.#waiting.shift();
        if (text === undefined) break;
        this.#waitingLength -= text.length;
        await this.#handle(parseClientMessage(text));
        if (this.#waiting.length === 0) this.#setPaused(false);
      }
    } catch (error) {
      this.fail(error);
    } finally {
      this.#isHandling = false;
    }
  }

  /** Whether more waits to be handled than should. */
  get #isBehind(): boolean {
    return this.#waiting.length > MAX_WAITING_MESSAGES || this.#waitingLength > MAX_WAITING_LENGTH;
  }

  /** Whether the client should first read what it was sent. */
  get #isUnread(): boolean {
    return this.#transport.bufferedBytes > COMFORTABLE_UNREAD_BYTES;
  }

  /** Counts messages of the client's address; `false` when that ended the session. */
  #takeMessages(count: number): boolean {
    try {
      this.#options.traffic.messages(count);
      return true;
    } catch (error) {
      this.fail(error);
      return false;
    }
  }

  #setPaused(isPaused: boolean): void {
    if (this.#isPaused === isPaused) return;
    this.#isPaused = isPaused;
    this.#transport.setPaused(isPaused);
  }

  #handle(message: ClientMessage): Promise<void> | void {
    switch (message.type) {
      case "Connect":
        this.#connect(message.sessionId, message.maxObservedTs);
        return;
      case "Authenticate":
        return this.#authenticate(message.baseVersion, message.credentials);
      case "ModifyQuerySet":
        this.#modifyQuerySet(message);
        return;
      case "Mutation":
        this.#runMutation(message.call);
        return;
      case "Action":
        this.#runAction(message.call);
        return;
      case "Event":
        return;
    }
  }

  /** A client that saw a later commit than we know of was served by another history. */
  #connect(sessionId: string, maxObservedTs: Timestamp | null): void {
    if (maxObservedTs !== null && maxObservedTs > this.#dependencies.database.latestTs) {
      throw new ServiceError(
        "internal",
        "InternalServerError",
        `Client has observed a timestamp ${maxObservedTs} ahead of the latest known timestamp ` +
          `${this.#dependencies.database.latestTs}`,
      );
    }
    this.#sessionId = sessionId;
  }

  async #authenticate(baseVersion: number, credentials: Credentials): Promise<void> {
    requireBaseVersion(baseVersion, this.#received.identity);
    const { traffic } = this.#options;
    traffic.mayAuthenticate();
    try {
      this.#caller = await this.#identify(credentials);
    } catch (error) {
      if (!(error instanceof ServiceError) || error.kind !== "unauthenticated") throw error;
      if (error.code !== "TokenExpired") traffic.refused();
      throw new AuthUpdateError(error);
    }
    this.#received.identity += 1;
    this.#isIdentityChanged = true;
    this.#scheduleUpdate({ isMandatory: true });
  }

  async #identify(credentials: Credentials): Promise<Caller> {
    const { authenticator } = this.#dependencies;
    switch (credentials.tokenType) {
      case "None":
        return { kind: "client", identity: null };
      case "Admin":
        return authenticator.admin(credentials.key, credentials.impersonating);
      case "User":
        return { kind: "client", identity: await authenticator.identify(credentials.token) };
    }
  }

  #modifyQuerySet(message: ClientMessage & { type: "ModifyQuerySet" }): void {
    requireBaseVersion(message.baseVersion, this.#received.querySet);
    if (message.newVersion <= message.baseVersion) {
      throw new ServiceError("badRequest", "InvalidVersion", "Query set versions must increase.");
    }
    if (!this.#takeMessages(message.modifications.length)) return;
    for (const modification of message.modifications) this.#modifications.push(modification);
    this.#received.querySet = message.newVersion;
    this.#scheduleUpdate({ isMandatory: true });
  }

  /**
   * Mutations start in the order they came, the next without waiting for the disk of the one before,
   * and are answered in that order.
   */
  #runMutation(call: FunctionCall): void {
    const request = this.#newRequest(call);
    const { max, text } = RUNNING_LIMITS.mutationsPerSocket;
    if (this.#queuedMutations >= max) {
      throw new ServiceError("rateLimited", "TooManyConcurrentMutations", text());
    }
    this.#queuedMutations += 1;
    const session =
      this.#sessionId === null
        ? undefined
        : { sessionId: this.#sessionId, requestId: call.requestId };
    const { runner, frames } = this.#dependencies;
    const run = runner.runMutation(request, session);
    run.catch(() => undefined);
    this.#mutationsAnswered = this.#mutationsAnswered.then(async () => {
      try {
        const outcome = await run;
        this.#send(frames.mutationResponse(call.requestId, outcome));
        this.#scheduleUpdate({ isMandatory: true });
      } catch (error) {
        this.fail(error);
      } finally {
        this.#queuedMutations -= 1;
      }
    });
  }

  #runAction(call: FunctionCall): void {
    const request = this.#newRequest(call);
    const { max, text } = RUNNING_LIMITS.actionsPerSocket;
    if (this.#runningActions.size >= max) {
      throw new ServiceError("rateLimited", "TooManyInflightActionsForSingleClient", text());
    }
    const { runner, frames } = this.#dependencies;
    const answered = runner
      .runAction(request)
      .then((outcome) => this.#send(frames.actionResponse(call.requestId, outcome)))
      .catch((error: unknown) => this.fail(error))
      .finally(() => this.#runningActions.delete(answered));
    this.#runningActions.add(answered);
  }

  #newRequest(call: FunctionCall): FunctionRequest {
    requireUnexpired(this.#caller, this.#dependencies.now());
    if (call.componentPath !== "" && this.#caller.kind !== "admin") {
      throw new ServiceError(
        "forbidden",
        "ComponentForbidden",
        "Only admins can call functions of components directly.",
      );
    }
    if (this.#caller.kind === "client") {
      this.#options.traffic.call(this.#caller.identity?.tokenIdentifier ?? null);
    }
    const { componentPath, path, argsJson } = call;
    const metadata = this.#newMetadata();
    return { componentPath, path, argsJson, caller: this.#caller, metadata };
  }

  #scheduleUpdate({ isMandatory }: { readonly isMandatory: boolean }): void {
    if (this.#isClosed) return;
    this.#isUpdateMandatory ||= isMandatory;
    if (this.#isUpdateScheduled) return;
    this.#isUpdateScheduled = true;
    this.#dependencies.rounds.add(this);
  }

  startUpdate(): void {
    if (!this.#isUpdateScheduled || this.#isUpdating || this.#isClosed) return;
    if (this.#unsentTransitions >= MAX_UNSENT_TRANSITIONS || this.#isUnread) return;
    if (this.#isDraining && !this.#isUpdateMandatory) return;
    this.#isUpdateScheduled = false;
    this.#isUpdating = true;
    try {
      this.#evaluate();
    } catch (error) {
      this.failUpdate(error);
    }
  }

  finishUpdate(): void {
    const update = this.#update;
    this.#update = null;
    try {
      if (update !== null && !this.#isClosed) this.#tell(update);
    } catch (error) {
      this.fail(error);
    }
    this.#endUpdate();
  }

  failUpdate(error: unknown): void {
    this.#update = null;
    this.fail(error);
    this.#endUpdate();
  }

  #evaluate(): void {
    const { database, frames, now } = this.#dependencies;
    requireUnexpired(this.#caller, now());
    const isMandatory = this.#takeRequests();
    const { querySet, identity } = this.#received;
    const end = frames.version(querySet, database.latestTs, identity);
    // A mutation that started before may have committed up to `ts`: its response goes first.
    const answered = this.#queuedMutations > 0 ? this.#mutationsAnswered : null;
    const changes = this.#queries.evaluate(end.ts, this.#caller);
    if (answered === null && !(changes instanceof Promise)) {
      this.#finishLater({ end, changes, isMandatory });
      return;
    }
    const evaluated =
      answered === null ? changes : Promise.all([changes, answered]).then(([found]) => found);
    Promise.resolve(evaluated).then(
      (found) => this.#finishLater({ end, changes: found, isMandatory }),
      (error: unknown) => this.failUpdate(error),
    );
  }

  #finishLater(update: Update): void {
    if (this.#isClosed || (!update.isMandatory && update.changes.length === 0)) {
      this.#endUpdate();
      return;
    }
    this.#update = update;
    this.#dependencies.rounds.finishWhenDurable(update.end.ts, this);
  }

  #endUpdate(): void {
    this.#isUpdating = false;
    this.#onUpdateEnded();
    this.startUpdate();
  }

  /** Applies what the client asked for since the last update; tells whether it waits for an answer. */
  #takeRequests(): boolean {
    const isMandatory = this.#isUpdateMandatory;
    this.#isUpdateMandatory = false;
    for (const modification of this.#modifications) {
      this.#requireOwnComponent(modification);
      this.#queries.apply(modification);
    }
    this.#modifications = [];
    if (this.#isIdentityChanged) this.#queries.resubscribe();
    this.#isIdentityChanged = false;
    return isMandatory;
  }

  #requireOwnComponent(modification: QuerySetModification): void {
    if (modification.type === "Remove" || modification.componentPath === "") return;
    if (this.#caller.kind === "admin") return;
    throw new ServiceError(
      "forbidden",
      "ComponentForbidden",
      "Only admins can watch queries of components directly.",
    );
  }

  #tell({ end, changes }: Update): void {
    const frame = this.#dependencies.frames.transition(this.#sent, end, changes);
    this.#sent = end;
    this.#unsentTransitions += 1;
    if (frame.length <= MAX_UNCHUNKED_LENGTH || !this.#options.acceptsChunks) {
      this.#send(frame, this.#onTransitionRead);
      return;
    }
    const chunks = splitTransition(frame);
    for (const chunk of chunks.slice(0, -1)) this.#transport.send(chunk);
    this.#send(chunks.at(-1) ?? frame, this.#onTransitionRead);
  }

  readonly #onTransitionRead = () => {
    this.#unsentTransitions -= 1;
    this.#onRead();
  };

  readonly #onRead = () => {
    if (this.#isClosed) return;
    this.startUpdate();
    if (this.#waiting.length > 0 && !this.#isHandling) void this.#handleWaiting();
  };

  /** What was sent before bounds what is kept for a client, so that one large frame always leaves. */
  #send(frame: string | Buffer, onRead = this.#onRead): void {
    if (this.#isClosed) return;
    this.#lastSentAt = this.#dependencies.now();
    const isTooMuch =
      this.#transport.bufferedBytes > this.#dependencies.limits.unreadBytesPerSocket;
    if (isTooMuch) this.close(UNREAD_REASON);
    else this.#transport.send(frame, onRead);
    this.#options.onSent();
  }

  #newMetadata(): RequestMetadata {
    const { ip, userAgent } = this.#options;
    return { requestId: randomId(), ip, userAgent };
  }
}

/** An `Authenticate` message was refused, as opposed to a token that ran out later. */
class AuthUpdateError extends ServiceError {
  constructor(cause: ServiceError) {
    super(cause.kind, cause.code, cause.message, { cause });
  }
}

function requireBaseVersion(given: number, current: number): void {
  if (given === current) return;
  throw new ServiceError(
    "badRequest",
    "BaseVersionMismatch",
    `Base version ${given} passed up doesn't match the current version ${current}`,
  );
}

function isClientsFault({ kind }: ServiceError): boolean {
  return kind === "badRequest" || kind === "payloadTooLarge" || kind === "forbidden";
}

/** Client errors close without a code, because their message already told the client what to do. */
function closeFrame({ kind, code }: ServiceError): { code?: number; reason?: string } {
  const reason = code === "ShuttingDown" ? CLOSING_REASON : code.slice(0, 123);
  switch (kind) {
    case "rateLimited":
    case "overloaded":
    case "timedOut":
      return { code: 1013, reason };
    case "internal":
      return { code: 1011, reason };
    case "notFound":
      return { code: 1000, reason };
    default:
      return {};
  }
}
