import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";

import { addition, SyncSocket, type Transition } from "../tests/support/sync-socket.ts";
import { FunctionExecutor } from "./runtime/function-executor.ts";
import { startTestBackend, type TestBackend } from "./test-backend.ts";
import { GENERATED } from "./test-project.ts";

const SOCKETS = 200;

let backend: TestBackend;
beforeAll(async () => {
  backend = await startTestBackend();
  await backend.deploy({
    ...GENERATED,
    rows: `
      import { mutation, query } from "./_generated/server";
      export const count = query({
        handler: async (ctx) => (await ctx.db.query("rows").collect()).length,
      });
      export const number = query({
        handler: async (ctx) => (await ctx.db.query("rows").collect()).length,
      });
      export const add = mutation({ handler: async (ctx) => void (await ctx.db.insert("rows", {})) });
    `,
  });
}, 60_000);
afterAll(() => backend.dispose());

/**
 * A socket that watches the rows' count at the end of so many changes of its query set; `sees` resolves
 * when it was told of that many rows.
 */
async function watch(index: number, changes = 1) {
  let seen: unknown = null;
  let onSeen: () => void = () => undefined;
  const socket = new SyncSocket(backend.url, {
    onTransition({ modifications }: Transition) {
      for (const { value } of modifications) seen = value;
      onSeen();
    },
    onMutationResponse: () => undefined,
    onActionResponse: () => undefined,
    onOther: (frame) => void (seen = frame),
    onClose: () => undefined,
  });
  onTestFinished(() => socket.terminate());
  await socket.opened;
  const sessionId = `11111111-2222-4333-8444-${String(index).padStart(12, "0")}`;
  socket.introduce({ sessionId, connectionCount: 0, maxObservedTs: null });
  for (let version = 0; version < changes; version += 1) {
    socket.modifyQuerySet(version, version === 0 ? [addition(0, "rows:count", {})] : []);
  }
  const sees = async (count: number) => {
    while (seen !== count) await new Promise<void>((resolve) => (onSeen = resolve));
  };
  return { sees };
}

type Run = (
  this: FunctionExecutor,
  ...args: Parameters<FunctionExecutor["run"]>
) => ReturnType<FunctionExecutor["run"]>;
type Encode = (text: unknown, ...rest: unknown[]) => Buffer<ArrayBuffer>;

/** Names of the functions that ran, and frames and results that were encoded to tell of them. */
function noteWork() {
  const work = { runs: [] as string[], frames: [] as string[], results: [] as string[] };
  const { run } = FunctionExecutor.prototype as { readonly run: Run };
  vi.spyOn(FunctionExecutor.prototype, "run").mockImplementation(function (
    this: FunctionExecutor,
    begin,
    ...rest
  ) {
    const noted = () => {
      const begun = begin();
      work.runs.push(begun.request.path.exportName);
      return begun;
    };
    return run.call(this, noted, ...rest);
  });
  const encode = Buffer.from.bind(Buffer) as Encode;
  vi.spyOn(Buffer, "from").mockImplementation(((text, ...rest) => {
    if (typeof text === "string" && text.startsWith('{"type":"Transition"')) work.frames.push(text);
    if (typeof text === "string" && text.startsWith('"value":')) work.results.push(text);
    return encode(text, ...rest);
  }) satisfies Encode);
  return work;
}

test.each([
  ["once for sockets in step", 1],
  ["once for each group of sockets in step, its text once for all", 5],
])(
  "a result that many sockets watch is computed once and framed %s",
  async (_how, groups) => {
    onTestFinished(() => void vi.restoreAllMocks());
    const before = Number(await backend.run("rows:number"));
    const watchers = await Promise.all(
      Array.from({ length: SOCKETS }, (_, index) => watch(index, 1 + (index % groups))),
    );
    await Promise.all(watchers.map(({ sees }) => sees(before)));
    // Whatever they asked for before, now they are told at the same timestamp.
    await backend.run("rows:add");
    await Promise.all(watchers.map(({ sees }) => sees(before + 1)));
    const work = noteWork();
    for (let commits = 1; commits <= 3; commits += 1) {
      await backend.run("rows:add");
      await Promise.all(watchers.map(({ sees }) => sees(before + 1 + commits)));
      expect(work.runs.filter((name) => name === "count")).toHaveLength(commits);
      expect(work.results).toHaveLength(commits);
      expect(work.frames).toHaveLength(commits * groups);
    }
  },
  60_000,
);
