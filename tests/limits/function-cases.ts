import { expect, vi } from "vitest";

import type { FUNCTION_LIMITS } from "#embedded/lib/limits.ts";
import type { TestBackend } from "#embedded/test-backend.ts";
import { text, upTo, type CasesOf, type LimitCase } from "./limit-case.ts";

export const functionCases: CasesOf<typeof FUNCTION_LIMITS> = {
  // An array, an object, a field's name and a string.
  argsBytes: upTo(
    ({ backend }, size) => backend.run("calls:lengthOf", { text: text(size - (2 + 2 + 5 + 2)) }),
    "Arguments for calls.js:lengthOf are too large (actual: 16.00 MiB, limit: 16 MiB)",
  ),
  nodeArgsBytes: upTo(
    ({ backend }, size) =>
      backend.run("onNode:lengthOf", { text: text(size - '[{"text":""}]'.length) }),
    "Node actions arguments size is too large. The maximum size is 5 MiB. Reduce the size of the " +
      "arguments or consider using Convex runtime actions instead, which have a 16 MiB limit.",
  ),
  resultBytes: upTo(
    ({ backend }, size) => backend.run("calls:text", { length: size - 2 }),
    "Function calls.js:text return value is too large (actual: 16.00 MiB, limit: 16 MiB)",
  ),
  scheduledArgsBytes: upTo(
    ({ backend }, size) => schedule(backend, size),
    "Too large arguments for a single scheduled function from this mutation (actual: 4194305 bytes, " +
      "limit: 4194304 bytes)",
  ),
  scheduledDelayMs: async ({ backend }, max) => {
    const minute = 60_000;
    const at = (delay: number) =>
      backend.run("transactions:scheduleAt", { at: Date.now() + delay });
    await expect(at(max - minute)).resolves.toBeNull();
    await expect(at(max + minute)).rejects.toThrow("is more than 5 years in the future");
    await expect(at(-max - minute)).rejects.toThrow("is more than 5 years in the past");
  },
  userTimeMs: async ({ backend }) => {
    await expect(backend.run("calls:compute")).resolves.toBeGreaterThan(0);
    await expect(backend.run("calls:spin")).rejects.toThrow(
      "Function execution timed out (maximum duration: 1s)",
    );
  },
  actionTimeMs: endsHanging("calls:hang", "1800s"),
  nodeActionTimeMs: endsHanging("onNode:hang", "600s"),
  concurrentOperations: async (scene, max) => {
    const message =
      "Too many concurrent IO operations in a single function execution (limit: 1000)";
    for (const path of ["calls:gets", "calls:urls"]) {
      await upTo(({ backend }, count) => backend.run(path, { count }), message)(scene, max);
    }
  },
  nesting: upTo(
    ({ backend }, depth) => backend.run("calls:nest", { depth }),
    "Cross component call depth limit exceeded. Do you have an infinite loop in your app?",
  ),
  heapBytes: ({ backend }) =>
    expect(backend.run("calls:hoard")).rejects.toThrow(
      "JavaScript execution ran out of memory (maximum memory usage: 64 MB)",
    ),
  nodeHeapBytes: async ({ backend }, max) => {
    const hold = (bytes: number) =>
      backend.run("onNode:hold", { megabytes: Math.round(bytes / 2 ** 20) });
    await expect(hold(max / 2)).resolves.toBeGreaterThan(0);
    await expect(hold(max * 8)).rejects.toThrow(
      "JavaScript execution ran out of memory (maximum memory usage: 512 MB)",
    );
  },
  logLines: async ({ backend }, max) => {
    const logged = await logLines(backend, { lines: max + 10, length: 1 });
    expect(logged).toHaveLength(max);
    expect(logged.slice(-2)).toEqual([
      "[LOG] 'x'",
      "[ERROR] Log overflow (maximum 256). Remaining log lines omitted.",
    ]);
  },
  logLineBytes: async ({ backend }, max) => {
    const [logged] = await logLines(backend, { lines: 1, length: max });
    expect(logged).toBe(`[LOG] '${text(max - 1)} (truncated due to length)`);
  },
  pageSize: upTo(
    ({ backend }, numItems) => backend.run("calls:page", { numItems }),
    "Requested too many items: 32001",
  ),
  queryOperators: async ({ backend }, max) => {
    const filters = (count: number) => backend.run("calls:filters", { count });
    await expect(filters(max)).resolves.toBe(0);
    await expect(filters(max + 1)).rejects.toThrow(
      "Can't construct query with more than 256 operators",
    );
  },
  httpResponseBytes: async ({ backend }, max) => {
    const get = async (size: number) => {
      const response = await fetch(`${backend.url}/http/bytes?size=${size}`);
      return (await response.arrayBuffer()).byteLength;
    };
    await expect(get(max)).resolves.toBe(max);
    await expect(get(max + 1)).rejects.toThrow();
  },
  httpRequestBytes: async ({ backend }, max) => {
    const post = async (size: number) => {
      const init = { method: "POST", body: new Uint8Array(size) };
      const response = await fetch(`${backend.url}/http/bytes`, init);
      return [response.status, await response.text()];
    };
    await expect(post(max)).resolves.toEqual([200, String(max)]);
    const [status, text] = await post(max + 1);
    expect(status).not.toBe(200);
    expect(text).toContain("The request body is larger than 20971520 bytes.");
  },
};

async function schedule(backend: TestBackend, size: number): Promise<number> {
  const scheduled = await backend.run("transactions:schedule", { sizes: [size] });
  const { passed, refusal } = scheduled as { passed: number; refusal: string | null };
  if (refusal !== null) throw new Error(refusal);
  return passed;
}

/** The timer of the limit, and only that, is set shorter. */
function endsHanging(path: string, duration: string): LimitCase {
  return async ({ backend }, max) => {
    const { setTimeout } = globalThis;
    const shortened = vi
      .spyOn(globalThis, "setTimeout")
      .mockImplementation((run: () => void, ms?: number) => setTimeout(run, ms === max ? 1 : ms));
    try {
      await expect(backend.run(path)).rejects.toThrow(
        `Function execution timed out (maximum duration: ${duration})`,
      );
    } finally {
      shortened.mockRestore();
    }
  };
}

async function logLines(backend: TestBackend, args: object): Promise<string[]> {
  const headers = { Authorization: `Convex ${backend.adminKey}` };
  const { body } = await backend.post("/api/function", { path: "calls:log", args }, headers);
  return (body as { logLines: string[] }).logLines;
}
