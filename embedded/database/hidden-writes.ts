import type { Storage, StorageWrite } from "../storage/storage.ts";
import type { CatalogState } from "./catalog-state.ts";
import { CommitPlan } from "./commit-plan.ts";
import type { Timestamp } from "./types.ts";

export interface HiddenWritesHost {
  readonly storage: Storage;
  readonly catalog: CatalogState;
  readonly latestTs: Timestamp;
  apply(plan: CommitPlan): void;
}

/** Many writes to indexes that nobody can see yet, at the speed of the disk, between those of others. */
export class HiddenWrites {
  readonly #host: HiddenWritesHost;
  #flushing: Promise<void> = Promise.resolve();

  constructor(host: HiddenWritesHost) {
    this.#host = host;
  }

  /**
   * Writes at once; resolves, in a later turn, when there is room for more.
   * @throws DiskFullError before anything is written.
   */
  async write(writes: Iterable<StorageWrite>): Promise<void> {
    this.#host.storage.requireSpace();
    const plan = new CommitPlan(this.#host.catalog);
    for (const write of writes) plan.writes.push(write);
    this.#host.apply(plan);
    // What comes next can be worked out while this is flushed.
    const previous = this.#flushing;
    this.#flushing = this.#host.storage.flushed(this.#host.latestTs);
    this.#flushing.catch(() => undefined);
    await previous;
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** Resolves when all of it is on disk. */
  flushed(): Promise<void> {
    return this.#flushing;
  }
}
