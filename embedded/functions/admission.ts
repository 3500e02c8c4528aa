import type { Charge, FairGate } from "../lib/fair-gate.ts";
import { ServiceError } from "../lib/service-error.ts";
import type { TrafficControl } from "../lib/traffic-control.ts";
import { storedPath, type FunctionPath } from "../modules/function-path.ts";
import { LONG_RUN_MS } from "../runtime/limits.ts";
import type { Lane } from "../runtime/turn-queue.ts";
import { SuspectFunctions } from "./suspect-functions.ts";
import type { Caller, FunctionRequest } from "./types.ts";

type Request = Pick<FunctionRequest, "caller" | "metadata">;

/** A query or mutation that wants a turn of the engine. */
export interface EngineCall {
  readonly kind: "query" | "mutation";
  readonly request: Request;
  readonly path: FunctionPath;
  /** Whose calls begin in the order in which they were asked for; `null` when order does not matter. */
  readonly sessionId: string | null;
  /** True unless something else bounds how many there can be. */
  readonly mayBeRefused: boolean;
  /** Told that the call has to wait among suspects; what it throws ends the call instead. */
  readonly onPutOff?: (() => void) | undefined;
}

/** A call that was let in. */
export interface Admitted {
  /** Where it waits for its turn. */
  readonly lane: Lane;
  /** To be called when its turn has come; what it throws has to end the turn. */
  begin(): void;
  /** Tells how long it kept the engine busy. */
  ran(spentMs: number): void;
}

/** Gives functions their turns, so that no caller and no function can keep others from theirs. */
export interface Admission {
  /**
   * Runs a query or mutation when it is its caller's turn; once more when it is put off as it begins.
   * @throws ServiceError `TooManyConcurrentRequests` when too many wait, unless that is ruled out.
   */
  runInEngine<T>(call: EngineCall, task: (admitted: Admitted) => Promise<T>): Promise<T>;
  /** Runs an action; throws as above. */
  runAction<T>(request: Request, task: () => Promise<T>): Promise<T>;
}

const ALWAYS: Admitted = { lane: "ordinary", begin: () => undefined, ran: () => undefined };

export const UNLIMITED: Admission = {
  runInEngine: (_, task) => task(ALWAYS),
  runAction: (_, task) => task(),
};

export function createAdmission(traffic: TrafficControl): Admission {
  const { queries, mutations, actions } = traffic.gates;
  const { waitingCalls, shareOfOne } = traffic.limits;
  const engine: Engine = {
    gates: { query: queries, mutation: mutations },
    suspects: new SuspectFunctions({
      waiting: waitingCalls,
      waitingPerKey: Math.max(1, Math.floor(waitingCalls * shareOfOne)),
    }),
    putOff: new Map(),
  };
  const keysOf = ({ caller, metadata }: Request) =>
    caller.kind === "system"
      ? []
      : traffic.keysOf(metadata.ip, identityOf(caller)?.tokenIdentifier ?? null);
  return {
    runInEngine: (call, task) => new Entry(engine, call, keysOf(call.request)).run(task),
    runAction: (request, task) => actions.run(keysOf(request), task),
  };
}

interface Engine {
  readonly gates: Readonly<Record<EngineCall["kind"], FairGate>>;
  readonly suspects: SuspectFunctions;
  /** By session: when the last of its calls that were put off is over. */
  readonly putOff: Map<string, Promise<void>>;
}

/** Ends a turn that is not to be used yet. */
class PutOff extends Error {}

/**
 * One call on its way to its turn. Whether its function is a suspect is decided when its turn comes,
 * because by then more is known, and calls of one session are in their order there: those behind one
 * that is put off are put off too, until it is over.
 */
class Entry implements Admitted {
  readonly #engine: Engine;
  readonly #call: EngineCall;
  readonly #keys: readonly string[];
  #charge: Charge = () => undefined;
  #isPutOff = false;
  #previous: Promise<void> | undefined;
  #end: (() => void) | null = null;
  lane: Lane = "ordinary";

  constructor(engine: Engine, call: EngineCall, keys: readonly string[]) {
    this.#engine = engine;
    this.#call = call;
    this.#keys = keys;
  }

  async run<T>(task: (admitted: Admitted) => Promise<T>): Promise<T> {
    try {
      for (;;) {
        try {
          return await this.#enter(task);
        } catch (error) {
          if (!(error instanceof PutOff)) throw error;
          this.#call.onPutOff?.();
          await this.#previous;
        }
      }
    } finally {
      this.#end?.();
    }
  }

  begin(): void {
    const { suspects, putOff } = this.#engine;
    if (this.lane === "suspect" || (!suspects.areThereAny && putOff.size === 0)) return;
    const { sessionId } = this.#call;
    const previous = sessionId === null || this.#isPutOff ? undefined : putOff.get(sessionId);
    if (previous === undefined && this.#suspectGate === null) return;
    if (!this.#isPutOff && sessionId !== null) this.#keepPlace(sessionId, previous);
    this.#isPutOff = true;
    throw new PutOff();
  }

  ran(spentMs: number): void {
    this.#charge(spentMs);
    const { suspects } = this.#engine;
    if (suspects.areThereAny || spentMs >= LONG_RUN_MS) suspects.ran(this.#name, spentMs);
  }

  #enter<T>(task: (admitted: Admitted) => Promise<T>): Promise<T> {
    const { kind, mayBeRefused } = this.#call;
    const suspectGate = this.#isPutOff ? this.#suspectGate : null;
    const start = (charge: Charge) => {
      this.#charge = charge;
      // Waiting for the turn costs its caller nothing.
      charge(0);
      this.lane = suspectGate !== null && this.#suspectGate !== null ? "suspect" : "ordinary";
      return task(this);
    };
    return (suspectGate ?? this.#engine.gates[kind]).run(this.#keys, start, { mayBeRefused });
  }

  get #suspectGate(): FairGate | null {
    return this.#engine.suspects.gateOf(this.#name);
  }

  get #name(): string {
    const { path } = this.#call;
    return `${path.componentPath}/${storedPath(path)}`;
  }

  /** Calls of the session that come to their turn from now on wait until this one is over. */
  #keepPlace(sessionId: string, previous: Promise<void> | undefined): void {
    const { putOff } = this.#engine;
    const over = new Promise<void>((resolve) => {
      this.#end = () => {
        resolve();
        if (putOff.get(sessionId) === over) putOff.delete(sessionId);
      };
    });
    this.#previous = previous;
    putOff.set(sessionId, over);
  }
}

function identityOf(caller: Exclude<Caller, { kind: "system" }>) {
  return caller.kind === "client" ? caller.identity : caller.actingAs;
}

/**
 * To be asked when a function is about to run, because a token may run out while its turn is awaited.
 * @throws ServiceError `TokenExpired` when the identity's token ran out.
 */
export function requireUnexpired(caller: Caller, nowMs: number): void {
  if (caller.kind !== "client" || caller.identity === null) return;
  const { expiresAt } = caller.identity;
  if (expiresAt !== null && expiresAt <= nowMs) {
    throw new ServiceError("unauthenticated", "TokenExpired", "Convex token identity expired");
  }
}
