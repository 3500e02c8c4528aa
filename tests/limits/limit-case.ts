/** How a limit is shown: by a deployed function, a push or a request, never by the code that checks. */
import { expect } from "vitest";

import type { TestBackend } from "#embedded/test-backend.ts";

/** Shows that what is just within the limit passes and that one more is refused, in which words. */
export type LimitCase = (scene: Scene, max: number) => Promise<void>;

/** Cases for every limit of a group: one that is missing is an error. */
export type CasesOf<Limits> = { readonly [Name in keyof Limits]: LimitCase };

export interface Scene {
  /** With the functions of `tests/fixtures/limits`. */
  readonly backend: TestBackend;
  /** For pushes and variables. */
  readonly empty: TestBackend;
}

/** One at the limit passes, one above is refused with the message. */
export function upTo(
  call: (scene: Scene, amount: number) => Promise<unknown>,
  message: string,
): LimitCase {
  return async (scene, max) => {
    await expect(call(scene, max)).resolves.toBeDefined();
    await expect(call(scene, max + 1)).rejects.toThrow(message);
  };
}

export function text(length: number): string {
  return "x".repeat(length);
}

/** Sends a push and has its schema prepared; nothing is switched over. */
export async function startPush(backend: TestBackend, request: string): Promise<unknown> {
  const headers = { Authorization: `Convex ${backend.adminKey}` };
  const started = await backend.post("/api/deploy2/start_push", request, headers);
  if (started.status !== 200) throw new Error((started.body as { message: string }).message);
  const { schemaChange } = started.body as { schemaChange: unknown };
  const prepared = await backend.post("/api/deploy2/wait_for_schema", { schemaChange }, headers);
  const { type, error, message } = prepared.body as Record<string, string>;
  if (type !== "complete") throw new Error(error ?? message);
  return prepared.body;
}
