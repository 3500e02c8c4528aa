import { RUNNING_LIMITS } from "../lib/limits.ts";

const MAX_RUNNING = RUNNING_LIMITS.scheduledFunctionsOfAKind.max;

/** A job's place among those that run: a mutation's, until it says what else it is. */
export interface JobTurn {
  /** False when as many actions run as may: the job has to end, and is begun again later. */
  becomeAction(): boolean;
  /** The same for a mutation that has to wait for others: one of each function does, and no more. */
  becomeSuspect(): boolean;
}

interface RunningJob {
  readonly functionName: string;
  kind: "mutation" | "action" | "suspect";
}

/**
 * Which jobs run, and of which functions none is begun at present. Actions and suspects, which may
 * take long, have no part in the turns of mutations, so that those go on however many of them are due.
 */
export class JobTurns {
  readonly #running = new Map<string, RunningJob>();
  /** Functions that are actions and found no turn, until an action ends. */
  readonly #waitingActions = new Set<string>();
  /** Functions one of whose jobs waits for others, or runs. */
  readonly #suspects = new Set<string>();

  /** Whether one more job may begin. */
  get isAnyFree(): boolean {
    return this.#count("mutation") < MAX_RUNNING;
  }

  /** Whether there may be functions that have to wait. */
  get areAnyHeld(): boolean {
    return this.#waitingActions.size + this.#suspects.size > 0;
  }

  isRunning(id: string): boolean {
    return this.#running.has(id);
  }

  /** Whether the function's next job has to wait. */
  isHeld(functionName: string): boolean {
    return this.#waitingActions.has(functionName) || this.#suspects.has(functionName);
  }

  begin(id: string, functionName: string): JobTurn {
    const job: RunningJob = { functionName, kind: "mutation" };
    this.#running.set(id, job);
    return {
      becomeAction: () => this.#becomeAction(job),
      becomeSuspect: () => this.#becomeSuspect(job),
    };
  }

  end(id: string): void {
    const job = this.#running.get(id);
    this.#running.delete(id);
    if (job?.kind === "action") this.#waitingActions.clear();
    if (job?.kind === "suspect") this.#suspects.delete(job.functionName);
  }

  #becomeAction(job: RunningJob): boolean {
    if (this.#count("action") >= MAX_RUNNING) {
      this.#waitingActions.add(job.functionName);
      return false;
    }
    job.kind = "action";
    return true;
  }

  #becomeSuspect(job: RunningJob): boolean {
    if (job.kind === "suspect") return true;
    if (this.#suspects.has(job.functionName)) return false;
    this.#suspects.add(job.functionName);
    job.kind = "suspect";
    return true;
  }

  #count(kind: RunningJob["kind"]): number {
    let count = 0;
    for (const job of this.#running.values()) if (job.kind === kind) count += 1;
    return count;
  }
}
