import { readFileSync } from "node:fs";

import { ConvexHttpClient } from "convex/browser";
import { makeFunctionReference } from "convex/server";
import { expect, test } from "vitest";

import { startTestBackend } from "../test-backend.ts";
import { confirm, stableImport, upload } from "../test-transfer.ts";

const ROWS = 50_000;
/** Measured: 80. What others do with the processor does not count. */
const MAX_TURN_MS = 400;

const SOURCES = {
  schema: `
    import { defineSchema, defineTable } from "convex/server";
    import { v } from "convex/values";
    const rows = defineTable({ number: v.number(), text: v.string() })
      .index("by_number", ["number"])
      .index("by_text", ["text", "number"])
      .searchIndex("search_text", { searchField: "text" });
    export default defineSchema({ rows, calls: defineTable({ number: v.number() }) });
  `,
  rows: `
    import { mutation, query } from "./_generated/server";
    export const call = mutation((ctx, { number }) => ctx.db.insert("calls", { number }));
    export const last = query((ctx) => ctx.db.query("rows").withIndex("by_number").order("desc").first());
  `,
};

const call = makeFunctionReference<"mutation", { number: number }>("rows:call");
const last = makeFunctionReference<"query", Record<string, never>, { number: number } | null>(
  "rows:last",
);

test.runIf(process.platform === "linux")(
  "while many rows are imported others are answered, and no turn takes long",
  async () => {
    const backend = await startTestBackend();
    await backend.deploy(SOURCES);
    const options = { format: "jsonLines", tableName: "rows", partBytes: 4_000_000 } as const;
    const importId = await upload(backend, Buffer.from(lines()), { ...options, mode: "replace" });
    const turns = watchTurns();
    const calls = callOthers(backend.url);
    await stableImport(backend, importId);
    await confirm(backend, importId);
    const { state } = await stableImport(backend, importId, "waiting_for_confirmation");
    const answered = await calls.stop();
    const longestMs = turns.stop();
    expect(state).toBe("completed");
    const client = new ConvexHttpClient(backend.url, { logger: false });
    expect((await client.query(last, {}))?.number).toBe(ROWS - 1);
    await backend.dispose();
    expect(longestMs).toBeLessThan(MAX_TURN_MS);
    // Each waits for a sync of the disk that the import keeps busy, too.
    expect(answered).toBeGreaterThan(10);
  },
  180_000,
);

function lines(): string {
  const words = "lorem ipsum dolor sit amet consectetur adipiscing elit";
  return Array.from({ length: ROWS }, (_, number) =>
    JSON.stringify({ number, text: `${number % 977} ${words} ${number}` }),
  ).join("\n");
}

/** How much processor time this thread takes from turn to turn of the event loop, at most. */
function watchTurns(): { stop(): number } {
  let longestMs = 0;
  let isOver = false;
  let before = threadMs();
  const look = (): void => {
    const now = threadMs();
    longestMs = Math.max(longestMs, now - before);
    before = now;
    if (!isOver) setImmediate(look);
  };
  setImmediate(look);
  return {
    stop() {
      isOver = true;
      return longestMs;
    },
  };
}

/** proc(5): the first field is the time on the processor, in nanoseconds. */
function threadMs(): number {
  const [time] = readFileSync("/proc/thread-self/schedstat", "latin1").split(" ");
  return Number(time) / 1e6;
}

/** Calls mutations one after the other; `stop` resolves to how many were answered. */
function callOthers(url: string): { stop(): Promise<number> } {
  const client = new ConvexHttpClient(url, { logger: false });
  const state = { isOver: false };
  const answered = (async () => {
    for (let number = 0; ; number += 1) {
      if (state.isOver) return number;
      await client.mutation(call, { number });
    }
  })();
  return {
    stop() {
      state.isOver = true;
      return answered;
    },
  };
}
