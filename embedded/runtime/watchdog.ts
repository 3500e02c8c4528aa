import * as vm from "node:vm";

/** The code ran longer than it may. Whatever it was doing, in the engine too, was cut off. */
export class WatchdogError extends Error {
  override readonly name = "WatchdogError";
}

const RUN_TASK = new vm.Script(`globalThis["[task]"]()`, { filename: "watchdog.js" });

/**
 * Ends what does not end by itself. A guard costs about a tenth of a millisecond, because a thread
 * waits beside it; one guard around several tasks costs the same.
 */
export class Watchdog {
  readonly #context = vm.createContext(vm.constants.DONT_CONTEXTIFY);
  #task: (() => void) | null = null;
  #isGuarding = false;

  constructor() {
    Object.defineProperty(this.#context, "[task]", { value: () => this.#task?.() });
  }

  /** Whether a task is being guarded right now. */
  get isGuarding(): boolean {
    return this.#isGuarding;
  }

  /**
   * Runs a task and everything it calls, in whatever realm; not to be nested.
   * @throws WatchdogError when it took longer; `finally` blocks inside did not run then.
   */
  guard(timeoutMs: number, task: () => void): void {
    this.#task = task;
    this.#isGuarding = true;
    try {
      RUN_TASK.runInContext(this.#context, { timeout: Math.max(1, Math.ceil(timeoutMs)) });
    } catch (error) {
      if (isTimeout(error)) throw new WatchdogError("The code was ended by the watchdog.");
      throw error;
    } finally {
      this.#task = null;
      this.#isGuarding = false;
    }
  }
}

/** The error may belong to the realm that was cut off, so `instanceof` does not know it. */
function isTimeout(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return code === "ERR_SCRIPT_EXECUTION_TIMEOUT";
}
