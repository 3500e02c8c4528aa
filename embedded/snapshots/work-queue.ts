/** Jobs one after the other, in the background. */
export class WorkQueue {
  readonly #onError: (error: unknown) => void;
  #tail: Promise<void> = Promise.resolve();
  #pending = 0;
  #isStopped = false;

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  get isBusy(): boolean {
    return this.#pending > 0;
  }

  /** A job asks `isStopped` where it can end early. */
  add(job: (isStopped: () => boolean) => Promise<void>): void {
    if (this.#isStopped) return;
    this.#pending += 1;
    this.#tail = this.#tail.then(async () => {
      try {
        if (!this.#isStopped) await job(() => this.#isStopped);
      } catch (error) {
        if (!this.#isStopped) this.#onError(error);
      } finally {
        this.#pending -= 1;
      }
    });
  }

  /** Resolves when the job under way has ended; the others are dropped. */
  stop(): Promise<void> {
    this.#isStopped = true;
    return this.#tail;
  }
}
