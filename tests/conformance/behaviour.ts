import type { Driver } from "./driver.ts";

/** One thing that every Convex deployment does. */
export interface Behaviour {
  /** A sentence, unique in the suite. */
  readonly name: string;
  readonly check: (t: Driver) => Promise<void>;
}

export interface Clause {
  readonly title: string;
  readonly behaviours: readonly Behaviour[];
}

/** `behaviours` by their sentences. */
export function clause(title: string, behaviours: Record<string, Behaviour["check"]>): Clause {
  return {
    title,
    behaviours: Object.entries(behaviours).map(([name, check]) => ({ name, check })),
  };
}
