import type {
  ActionOutcome,
  FunctionRequest,
  FunctionRunner,
  MutationOutcome,
  QueryOutcome,
} from "./types.ts";

type Outcome = QueryOutcome | MutationOutcome | ActionOutcome;

/**
 * The runner as a production deployment offers it to clients: no stack lines in what they are told
 * of a failure, and no log lines. Admins see everything, and so does the function log.
 */
export function withoutDetails(runner: FunctionRunner): FunctionRunner {
  const reduced = new WeakMap<Outcome, Outcome>();

  /** The same outcome is reduced to the same object, so that `===` still tells a change. */
  function reduce<Kind extends Outcome>(request: FunctionRequest, outcome: Kind): Kind {
    if (request.caller.kind !== "client") return outcome;
    const known = reduced.get(outcome);
    if (known !== undefined) return known as Kind;
    const result = outcome.ok
      ? { ...outcome, logLines: [] }
      : { ...outcome, logLines: [], errorMessage: withoutStack(outcome.errorMessage) };
    reduced.set(outcome, result);
    return result;
  }

  return {
    runQuery: async (request, options) => reduce(request, await runner.runQuery(request, options)),
    runMutation: async (request, session) =>
      reduce(request, await runner.runMutation(request, session)),
    runScheduledMutation: (request, envelope) => runner.runScheduledMutation(request, envelope),
    runAction: async (request) => reduce(request, await runner.runAction(request)),
    runAny: async (request) => reduce(request, await runner.runAny(request)),
    functionType: (componentPath, path) => runner.functionType(componentPath, path),
    runHttpAction: (request, auth, metadata, onEnded) =>
      runner.runHttpAction(request, auth, metadata, onEnded),
    watch: (request, onInvalidated) => {
      const live = runner.watch(request, onInvalidated);
      return {
        evaluate(ts) {
          const outcome = live.evaluate(ts);
          return outcome instanceof Promise
            ? outcome.then((known) => reduce(request, known))
            : reduce(request, outcome);
        },
        get isFresh() {
          return live.isFresh;
        },
        release: () => live.release(),
      };
    },
    drain: () => runner.drain(),
  };
}

function withoutStack(message: string): string {
  return message
    .split("\n")
    .filter((line) => !/^\s+at /.test(line))
    .join("\n");
}
