import type { Database, Timestamp } from "../database/types.ts";

/** A session as far as its updates go. */
export interface UpdatedSession {
  /** Begins an update unless there is a reason to wait. */
  startUpdate(): void;
  /** What the update shows is on the disk: the client may be told. */
  finishUpdate(): void;
  /** It will not be. */
  failUpdate(error: unknown): void;
}

/** How many sessions are served before the event loop gets a turn, so that others are not held up. */
const SERVED_IN_ONE_TURN = 64;

/**
 * When sessions update. What they wait for, they wait for together: those whom one commit concerns
 * start in one turn, and one promise stands for the disk, however many show what is not on it yet.
 */
export class UpdateRounds {
  readonly #database: Pick<Database, "flushed">;
  #due: UpdatedSession[] = [];
  /** Those who wait for the newest timestamp that anybody waits for. */
  #latest: { readonly ts: Timestamp; readonly sessions: UpdatedSession[] } | null = null;

  constructor(database: Pick<Database, "flushed">) {
    this.#database = database;
  }

  /**
   * Starts the session's update in a turn of its own: by then the disk has begun with the commit that
   * it is about, and works while queries run.
   */
  add(session: UpdatedSession): void {
    if (this.#due.push(session) > 1) return;
    setImmediate(() => {
      const due = this.#due;
      this.#due = [];
      // What the first one asks for is known when the others ask for it.
      serve(due, 0, 1, (each) => each.startUpdate());
    });
  }

  /** Finishes the session's update once everything up to `ts` is on the disk. */
  finishWhenDurable(ts: Timestamp, session: UpdatedSession): void {
    if (this.#latest?.ts === ts) {
      this.#latest.sessions.push(session);
      return;
    }
    const group = { ts, sessions: [session] };
    this.#latest = group;
    const end = () => {
      if (this.#latest === group) this.#latest = null;
      return group.sessions;
    };
    this.#database.flushed(ts).then(
      // After everything else that waits for the disk: who wrote is answered before who watches.
      () => {
        process.nextTick(() => {
          serve(end(), 0, SERVED_IN_ONE_TURN, (each) => each.finishUpdate());
        });
      },
      (error: unknown) => {
        for (const each of end()) each.failUpdate(error);
      },
    );
  }
}

function serve(
  sessions: readonly UpdatedSession[],
  from: number,
  count: number,
  task: (session: UpdatedSession) => void,
): void {
  const to = Math.min(sessions.length, from + count);
  for (const session of sessions.slice(from, to)) task(session);
  if (to < sessions.length) setImmediate(() => serve(sessions, to, SERVED_IN_ONE_TURN, task));
}
