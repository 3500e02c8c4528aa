/**
 * Promises of realms that were rejected and that nobody handles. Node.js tells of them once per turn,
 * after all microtasks, through process-wide events; functions run one at a time, so whatever is told
 * after a run's last turn belongs to that run.
 */
export interface StrayRejections {
  /** Promises with this prototype are a realm's. */
  adopt(promisePrototype: object): void;
  /** Ends the turn, so that Node.js has spoken, and returns the first stray rejection's reason. */
  settle(): Promise<{ readonly reason: unknown } | null>;
}

let installed: StrayRejections | null = null;

/** The process has one set of such events, hence one watcher. */
export function strayRejections(): StrayRejections {
  installed ??= install();
  return installed;
}

function install(): StrayRejections {
  const prototypes = new WeakSet();
  const pending = new Map<Promise<unknown>, unknown>();
  process.on("unhandledRejection", (reason, promise) => {
    if (prototypes.has(Object.getPrototypeOf(promise) as object)) {
      pending.set(promise, reason);
    } else if (process.listenerCount("unhandledRejection") === 1) {
      // This listener alone must not change what Node.js does about everybody else's promises.
      throw reason;
    }
  });
  process.on("rejectionHandled", (promise) => pending.delete(promise));
  return {
    adopt: (promisePrototype) => void prototypes.add(promisePrototype),
    async settle() {
      await new Promise((resolve) => setImmediate(resolve));
      const [first] = pending.values();
      const isAny = pending.size > 0;
      pending.clear();
      return isAny ? { reason: first } : null;
    },
  };
}
