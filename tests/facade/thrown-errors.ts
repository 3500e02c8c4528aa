/**
 * What functions threw, as objects: a test and the functions that it calls share a process, so the
 * test may ask for the very error. Everything else gets the engine's text of it.
 */
import { ConvexError, jsonToConvex } from "convex/values";

import { FunctionError } from "#embedded/runtime/function-error.ts";
import type { ThrownError } from "#embedded/runtime/realm/realm-host.ts";

class HostError extends FunctionError {
  readonly thrown: unknown;

  constructor(message: string, dataJson: string | null, thrown: unknown) {
    super(message, dataJson);
    this.thrown = thrown;
  }
}

/** A thrown value as the engine passes it on. */
export function hostError(
  { summary, stack, dataJson }: ThrownError,
  thrown: unknown,
): FunctionError {
  const frames = stack.split("\n").filter((line) => line.startsWith("    at "));
  return new HostError([`Uncaught ${summary}`, ...frames].join("\n"), dataJson ?? null, thrown);
}

export class ThrownErrors {
  readonly #byRequest = new Map<string, unknown>();

  /** Keeps what a request failed with, if it was thrown by a function. */
  note(requestId: string, error: FunctionError): void {
    if (error instanceof HostError) this.#byRequest.set(requestId, restored(error.thrown));
    else this.#byRequest.delete(requestId);
  }

  /** What a request failed with, once; `null` when no function threw it. */
  take(requestId: string): { readonly error: unknown } | null {
    if (!this.#byRequest.has(requestId)) return null;
    const error = this.#byRequest.get(requestId);
    this.#byRequest.delete(requestId);
    return { error };
  }
}

/** On its way to the engine a ConvexError's data was replaced by its JSON text. */
function restored(thrown: unknown): unknown {
  if (!(thrown instanceof ConvexError) || typeof thrown.data !== "string") return thrown;
  return Object.assign(thrown, { data: jsonToConvex(JSON.parse(thrown.data) as null) });
}
