/**
 * Holds transactions between their run and their commit, and lets them go one by one in an order of
 * its own: as soon as all that are under way wait, or when the rest stays away for a while.
 */
const PATIENCE_MS = 3;

export class CommitGate {
  /** How often one committed before another that had come earlier. */
  overtakings = 0;
  #choices: number[] | null = null;
  #underway = 0;
  readonly #waiting: (() => void)[] = [];
  #timer: NodeJS.Timeout | null = null;

  /** Lets everything through at once. */
  open(): void {
    this.#choices = null;
  }

  /** Each number says who goes next, by position among those who wait. */
  choose(choices: readonly number[]): void {
    this.#choices = [...choices];
  }

  /** Announces a transaction that will come; returns what to call when it is over. */
  enter(): () => void {
    this.#underway += 1;
    return () => {
      this.#underway -= 1;
      this.#consider();
    };
  }

  async pass(): Promise<void> {
    if (this.#choices === null) return;
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
      this.#consider();
    });
  }

  #consider(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#waiting.length === 0) return;
    if (this.#waiting.length >= this.#underway) this.#release();
    else this.#timer = setTimeout(() => this.#release(), PATIENCE_MS);
  }

  #release(): void {
    const position = (this.#choices?.shift() ?? 0) % this.#waiting.length;
    this.overtakings += Number(position > 0);
    for (const go of this.#waiting.splice(position, 1)) go();
    // The one that goes is over soon; whoever waits is considered again then.
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#consider(), PATIENCE_MS);
  }
}
