/** Suspects are functions whose last runs took long: they wait for everybody else. */
export type Lane = "ordinary" | "suspect";

interface Turn {
  readonly askedAtMs: number;
  readonly lane: Lane;
  /** Tells in the end whether the task did what it was to do. */
  readonly begin: () => Promise<boolean>;
  readonly refuse: (error: Error) => void;
}

/** After waiting for so long a suspect has its turn before others, so that it is not kept for ever. */
const PATIENCE_MS = 5_000;
/**
 * The part of a rest that suspects leave free when nobody else asks for a turn. Requests lie in the
 * sockets then, and not all that others do takes turns: deploys, actions and files go on meanwhile.
 */
const LISTENING_SHARE = 1 / 3;

/**
 * Gives out turns one after the other, in the order in which they were asked for. Those of suspects
 * begin when nobody else waits and, if somebody else had a turn since the last long one, that is some
 * time ago, or after five seconds more.
 */
export class TurnQueue {
  readonly #now: () => number;
  readonly #waiting: Readonly<Record<Lane, Turn[]>> = { ordinary: [], suspect: [] };
  readonly #refusals: Partial<Record<Lane, Error>> = {};
  #onIdle: (() => void)[] = [];
  #isBusy = false;
  #wasLong = false;
  #restsUntilMs = -Infinity;
  #listensUntilMs = -Infinity;
  /** Who asks now and then is not among those who wait, but would come too late after each long turn. */
  #hadOthersSince = false;
  #restTimer: NodeJS.Timeout | undefined;

  /** @param now milliseconds of any steadily growing clock */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Runs `task` when its turn has come, also when turns before it failed. */
  run<T>(task: () => Promise<T>, lane: Lane = "ordinary"): Promise<T> {
    return new Promise((resolve, reject) => {
      const refusal = this.#refusals[lane];
      if (refusal !== undefined) {
        reject(refusal);
        return;
      }
      const begin = () => {
        const done = task();
        done.then(resolve, reject);
        return done.then(
          () => true,
          () => false,
        );
      };
      const askedAtMs = lane === "suspect" ? this.#now() : 0;
      this.#waiting[lane].push({ lane, askedAtMs, begin, refuse: reject });
      if (this.#isBusy) return;
      this.#isBusy = true;
      queueMicrotask(this.#beginNext);
    });
  }

  /**
   * To be told by a turn that took long, before it ends: the event loop goes round before the next
   * one, so that signals and requests are heard. No suspect begins for so many milliseconds once
   * somebody else has had a turn after it; while nobody has, for a third of that.
   */
  rest(ms: number): void {
    const nowMs = this.#now();
    this.#wasLong = true;
    this.#restsUntilMs = nowMs + ms;
    this.#listensUntilMs = nowMs + ms * LISTENING_SHARE;
    this.#hadOthersSince = false;
  }

  /** Refuses those of a lane who wait, and all who ask from now on. */
  refuse(lane: Lane, error: Error): void {
    this.#refusals[lane] = error;
    for (const turn of this.#waiting[lane].splice(0)) turn.refuse(error);
    if (this.#isBusy) return;
    clearTimeout(this.#restTimer);
    this.#isBusy = true;
    this.#beginNext();
  }

  /** Resolves when nothing runs or waits. */
  async idle(): Promise<void> {
    if (this.#isIdle) return;
    await new Promise<void>((resolve) => this.#onIdle.push(resolve));
  }

  get #isIdle(): boolean {
    const { ordinary, suspect } = this.#waiting;
    return !this.#isBusy && ordinary.length === 0 && suspect.length === 0;
  }

  readonly #beginNext = (): void => {
    clearTimeout(this.#restTimer);
    const turn = this.#takeNext();
    if (turn === null) {
      this.#stop();
      return;
    }
    // Whoever waited for this turn goes on before the next one begins.
    void turn.begin().then((isDone) => {
      // An ordinary turn that failed may have been a suspect's, who now asks among its like.
      if (isDone && turn.lane === "ordinary" && !this.#wasLong) this.#hadOthersSince = true;
      if (this.#wasLong) setImmediate(this.#beginNext);
      else this.#beginNext();
      this.#wasLong = false;
    });
  };

  #takeNext(): Turn | null {
    const { ordinary, suspect } = this.#waiting;
    const [first] = suspect;
    if (first === undefined) return ordinary.shift() ?? null;
    const nowMs = this.#now();
    const waitedMs = nowMs - Math.max(first.askedAtMs, this.#restsUntilMs);
    const isRested = nowMs >= this.#suspectsWaitUntilMs;
    const isItsTurn = ordinary.length === 0 ? isRested : waitedMs >= PATIENCE_MS;
    return (isItsTurn ? suspect : ordinary).shift() ?? null;
  }

  #stop(): void {
    this.#isBusy = false;
    if (this.#isIdle) {
      for (const resolve of this.#onIdle.splice(0)) resolve();
      return;
    }
    // Suspects alone wait, and not for somebody else.
    this.#restTimer = setTimeout(() => {
      if (this.#isBusy) return;
      this.#isBusy = true;
      this.#beginNext();
    }, this.#suspectsWaitUntilMs - this.#now());
  }

  get #suspectsWaitUntilMs(): number {
    return this.#hadOthersSince ? this.#restsUntilMs : this.#listensUntilMs;
  }
}
