import { FairGate, type FairGateOptions } from "../lib/fair-gate.ts";
import { LONG_RUN_MS } from "../runtime/limits.ts";

/** What a function is blamed for is forgotten by half in this time, and by each run that is short. */
const HALF_LIFE_MS = 10_000;
/** A function that is blamed for more than this is a suspect. */
const SUSPECT_MS = LONG_RUN_MS / 2;
const MAX_BLAME_MS = 3_000;

interface Suspect {
  blameMs: number;
  at: number;
  /** Lets one of its calls run at a time. */
  readonly gate: FairGate;
}

/**
 * Functions whose last runs took long, as one that never returns does. Their calls run one at a time
 * and behind everybody else's, so that others wait for one such run at most. It does not matter
 * whether a run computed or was slow on the database, nor whose fault that was: others waited. A
 * function that is quick again, or that nobody calls for a while, is like any other.
 */
export class SuspectFunctions {
  readonly #gateOptions: FairGateOptions;
  readonly #now: () => number;
  readonly #known = new Map<string, Suspect>();

  /** @param now milliseconds of any steadily growing clock */
  constructor(
    limits: Pick<FairGateOptions, "waiting" | "waitingPerKey">,
    now: () => number = () => performance.now(),
  ) {
    this.#gateOptions = { ...limits, slots: 1, slotsPerKey: 1, reserve: 0, now };
    this.#now = now;
  }

  /** Whether there may be any, which is cheaper to ask than about one. */
  get areThereAny(): boolean {
    return this.#known.size > 0;
  }

  /** The gate through which a suspect's calls go; `null` for other functions. */
  gateOf(name: string): FairGate | null {
    const suspect = this.#known.get(name);
    if (suspect === undefined) return null;
    if (this.#blameOf(suspect) > SUSPECT_MS) return suspect.gate;
    if (suspect.gate.load === 0) this.#known.delete(name);
    return null;
  }

  /** To be told how long a run kept the engine busy. */
  ran(name: string, spentMs: number): void {
    const isLong = spentMs >= LONG_RUN_MS;
    const suspect = this.#known.get(name);
    if (suspect !== undefined) {
      const blameMs = this.#blameOf(suspect);
      suspect.blameMs = isLong ? Math.min(MAX_BLAME_MS, blameMs + spentMs) : blameMs / 2;
      suspect.at = this.#now();
    } else if (isLong) {
      const gate = new FairGate(this.#gateOptions);
      this.#known.set(name, { blameMs: Math.min(MAX_BLAME_MS, spentMs), at: this.#now(), gate });
    }
  }

  #blameOf({ blameMs, at }: Suspect): number {
    return blameMs * 2 ** ((at - this.#now()) / HALF_LIFE_MS);
  }
}
