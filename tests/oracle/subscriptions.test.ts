/** What watchers are told, against executing their queries again. */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

import { wordsOf } from "./naive-ranking.ts";
import {
  startOracleDeployment,
  valueOf,
  type Args,
  type OracleDeployment,
} from "./oracle-deployment.ts";
import { expectEnough, oracleRuns, oracleTimeout } from "./oracle-runs.ts";
import { SyncProbe, type ObservedTransition, type Watch } from "./sync-probe.ts";
import {
  articleValue,
  KnownIds,
  LABELS,
  randomWrites,
  rangeArgs,
  rowValue,
  searchArgs,
  watchedQueries,
  type RandomWrite,
  type WatchedQuery,
} from "./watched-queries.ts";

type Command =
  | {
      readonly kind: "write" | "later";
      readonly by: number;
      readonly writes: readonly RandomWrite[];
    }
  | { readonly kind: "burst"; readonly bursts: readonly (readonly RandomWrite[])[] }
  | { readonly kind: "watch"; readonly by: number; readonly query: WatchedQuery }
  | { readonly kind: "unwatch" | "reconnect"; readonly by: number; readonly target: number }
  | { readonly kind: "signIn"; readonly by: number; readonly subject: string | null }
  | { readonly kind: "colour"; readonly colour: string | null };

const by = fc.nat(2);
const someWrites = fc.array(randomWrites, { minLength: 1, maxLength: 3 });
const write: fc.Arbitrary<Command> = fc.record({
  kind: fc.constantFrom("write" as const, "write" as const, "write" as const, "later" as const),
  by,
  writes: someWrites,
});
const watch: fc.Arbitrary<Command> = fc.record({
  kind: fc.constant("watch" as const),
  by,
  query: watchedQueries,
});
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 8, arbitrary: write },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("burst" as const),
      bursts: fc.array(someWrites, { minLength: 2, maxLength: 6 }),
    }),
  },
  { weight: 3, arbitrary: watch },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom("unwatch" as const, "reconnect" as const),
      by,
      target: fc.nat(9),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("signIn" as const),
      by,
      subject: fc.constantFrom("ann", "bob", null),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("colour" as const),
      colour: fc.constantFrom("red", "blue", null),
    }),
  },
);

let oracle: OracleDeployment;
const tokens = new Map<string, string>();
let runCount = 0;
let nonce = 0;

beforeAll(async () => {
  oracle = await startOracleDeployment();
  for (const subject of ["ann", "bob"]) tokens.set(subject, await oracle.sign(subject));
}, 60_000);
afterAll(() => oracle.dispose());

test(
  "every Transition shows what executing the queries again at its timestamp shows",
  { timeout: oracleTimeout(60_000) },
  async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(watch, { minLength: 4, maxLength: 8 }),
        fc.array(command, { minLength: 4, maxLength: 14, size: "max" }),
        async (watches, commands) => {
          await oracle.change("rows:reset", { tables: ["rows", "articles"] });
          const scene = new Scene();
          await scene.open();
          for (const command of [...watches, ...commands]) await scene.perform(command);
          await scene.settle();
          for (const probe of scene.probes) {
            expect(probe.violations).toEqual([]);
            for (const transition of probe.transitions) compared += await compareAgain(transition);
            await probe.close();
          }
        },
      ),
      oracleRuns("subscriptions", 8),
    );
    expectEnough(compared, 100);
  },
);

/** Three sockets and an HTTP caller. */
class Scene {
  readonly probes = [0, 1, 2].map(() => new SyncProbe(oracle.backend.url));
  readonly #ids = new KnownIds(`ghosts${(runCount += 1)}`);

  async open(): Promise<void> {
    for (const probe of this.probes) await probe.connect();
    this.probes[0]!.authenticate(tokens.get("ann")!);
    this.probes[1]!.authenticate(tokens.get("bob")!);
  }

  /**
   * Waits until every watcher shows what executing again shows. Nothing is sent to the server
   * meanwhile, so that it tells by itself what a commit changed, or is found out.
   */
  async expectTold(): Promise<void> {
    for (const probe of this.probes) {
      for (const watch of probe.watches) {
        await vi.waitFor(
          async () => {
            const again = { ...argsWithEnd(watch.args, watch.journal), nonce: (nonce += 1) };
            const expected = await oracle.query(watch.path, again, { token: probe.token });
            const { path, args, answer } = watch;
            expect({ path, args, isOk: answer?.isOk, text: answer?.text }).toEqual({
              path,
              args,
              isOk: expected.isOk,
              text: expected.text,
            });
          },
          { timeout: 5_000, interval: 10 },
        );
      }
    }
  }

  async settle(): Promise<void> {
    await vi.waitFor(
      async () => {
        const jobs = (await oracle.value("rows:jobs")) as string[][];
        expect(jobs.filter(([, state]) => state === "pending")).toEqual([]);
      },
      { timeout: 10_000, interval: 5 },
    );
    await this.expectTold();
    for (const probe of this.probes) await probe.settle();
  }

  async perform(command: Command): Promise<void> {
    switch (command.kind) {
      case "write":
        await this.#write(command.by, command.writes);
        await this.expectTold();
        break;
      case "later":
        await oracle.change("rows:touchLater", { writes: this.#ids.plan(command.writes).encoded });
        break;
      case "burst":
        await Promise.all(command.bursts.map((writes, index) => this.#write(index % 4, writes)));
        await this.expectTold();
        break;
      case "watch":
        this.probes[command.by]!.watch(command.query.path, this.#ids.argsOf(command.query));
        break;
      case "unwatch": {
        const probe = this.probes[command.by]!;
        const { watches } = probe;
        if (watches.length > 0) probe.unwatch(watches[command.target % watches.length]!);
        break;
      }
      case "reconnect":
        this.probes[command.by]!.cut();
        await this.probes[command.by]!.connect();
        break;
      case "signIn": {
        const { subject } = command;
        const token = subject === null ? null : tokens.get(subject)!;
        this.probes[command.by]!.authenticate(token);
        break;
      }
      case "colour":
        await oracle.backend.setVariables({ COLOUR: command.colour });
    }
  }

  /** By a socket, the last one by HTTP. */
  async #write(by: number, writes: readonly RandomWrite[]): Promise<void> {
    const plan = this.#ids.plan(writes);
    const args = { writes: plan.encoded };
    const probe = this.probes[by];
    const answer =
      probe === undefined
        ? await oracle.mutation("rows:write", args)
        : await probe.mutation("rows:write", args);
    this.#ids.note(plan, valueOf(answer) as (string | null)[]);
  }
}

/** Executes everything that a Transition's client watched, as of its timestamp; returns how many. */
async function compareAgain({ ts, answers, token }: ObservedTransition): Promise<number> {
  await Promise.all(
    Array.from(answers, async ([{ path, args }, { isOk, text, journal }]) => {
      const again = { ...argsWithEnd(args, journal), nonce: (nonce += 1) };
      const expected = await oracle.query(path, again, { token, ts });
      expect({ path, args, isOk, text }).toEqual({
        path,
        args,
        isOk: expected.isOk,
        text: expected.text,
      });
    }),
  );
  return answers.size;
}

/** A page keeps the end that its first run found. */
function argsWithEnd(args: Args, journal: string | null): Args {
  const { paginationOpts } = args;
  if (journal === null || paginationOpts === undefined) return args;
  return { ...args, paginationOpts: { ...(paginationOpts as object), endCursor: journal } };
}

test(
  "a commit runs only those queries again that read what it wrote",
  { timeout: oracleTimeout(60_000) },
  async () => {
    let untouched = 0;
    let touched = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(rowValue, { minLength: 3, maxLength: 10 }),
        fc.array(articleValue, { minLength: 2, maxLength: 5 }),
        fc.array(rangeArgs, { minLength: 4, maxLength: 8 }),
        fc.array(searchArgs, { minLength: 2, maxLength: 4 }),
        fc.array(randomWrites, { minLength: 5, maxLength: 12, size: "max" }),
        async (rows, articles, ranges, searches, writes) => {
          await oracle.change("rows:reset", { tables: ["rows", "articles"] });
          const ids = new KnownIds(`ghosts${(runCount += 1)}`);
          const inserts = [
            ...rows.map((value): RandomWrite => ({
              kind: "insert",
              table: "rows",
              target: 0,
              value,
            })),
            ...articles.map((value): RandomWrite => ({
              kind: "insert",
              table: "articles",
              target: 0,
              value,
            })),
          ];
          await writeAll(ids, inserts);
          const probe = new SyncProbe(oracle.backend.url);
          await probe.connect();
          const firsts = [0, 1, 2].flatMap((group) =>
            ["asc", "desc"].map((order) => ({ group, from: 0, to: 9, order, limit: 1 })),
          );
          for (const args of [...ranges, ...firsts]) probe.watch("rows:drawnRange", args);
          for (const args of searches) probe.watch("rows:drawnFound", args);
          for (let target = 0; target < 5; target += 1) {
            const args = ids.argsOf({ path: "rows:drawnGet", args: {}, target });
            probe.watch("rows:drawnGet", args);
          }
          probe.watch("rows:drawnVariable", {});
          probe.watch("rows:drawnOwn", {});
          await probe.settle();
          const removals = [0, 1].map((target): RandomWrite => {
            return { kind: "delete", table: "articles", target, value: {} };
          });
          for (const write of [...writes, ...removals]) {
            const before = await documents();
            const counts = new Map(probe.watches.map((watch) => [watch, watch.updates]));
            const shown = new Map(probe.watches.map((watch) => [watch, watch.answer?.text ?? ""]));
            const written = await writeAll(ids, [write]);
            await probe.settle();
            const after = await documents();
            const changes = versionsOf(written, before, after);
            const changed = [...before.values()].filter(
              (document) => JSON.stringify(document) !== JSON.stringify(after.get(document._id)),
            );
            for (const watch of probe.watches) {
              const isRunAgain = watch.updates > counts.get(watch)!;
              const mustRun = changed.some(({ _id }) => shown.get(watch)!.includes(_id));
              if (mustRun) expect([watch.path, watch.args, isRunAgain]).toContain(true);
              const mayRun = touches(watch, before, changes);
              if (!mayRun)
                expect([watch.path, watch.args, isRunAgain]).toEqual([
                  watch.path,
                  watch.args,
                  false,
                ]);
              untouched += Number(!mayRun);
              touched += Number(isRunAgain);
            }
          }
          expect(probe.violations).toEqual([]);
          await probe.close();
        },
      ),
      oracleRuns("precision", 6),
    );
    expectEnough(touched, 5);
    expectEnough(untouched, 100);
  },
);

test("a variable runs only those queries again that read it", async () => {
  const probe = new SyncProbe(oracle.backend.url);
  await probe.connect();
  const variable = probe.watch("rows:drawnVariable", {});
  const range = probe.watch("rows:drawnRange", {
    group: 0,
    from: 0,
    to: 9,
    order: "asc",
    limit: 3,
  });
  await probe.settle();
  await oracle.backend.setVariables({ COLOUR: LABELS[0], SHAPE: "round" });
  await probe.settle();
  expect([variable.updates, range.updates]).toEqual([1, 1]);
  await oracle.backend.setVariables({ SIZE: "7" });
  await probe.settle();
  expect([variable.updates, range.updates]).toEqual([2, 1]);
  await oracle.backend.setVariables({ SIZE: null, SHAPE: null, COLOUR: null });
  await probe.close();
});

/** Returns the ids of what was written. */
async function writeAll(ids: KnownIds, writes: readonly RandomWrite[]): Promise<(string | null)[]> {
  const plan = ids.plan(writes);
  const written = (await oracle.change("rows:write", { writes: plan.encoded })) as (
    string | null
  )[];
  ids.note(plan, written);
  return written;
}

interface Row {
  readonly _id: string;
  readonly _creationTime: number;
  readonly group: number;
  readonly position: number;
}

interface Article {
  readonly _id: string;
  readonly body: string;
  readonly kind: string;
}

type Document = Row | Article;
type Documents = ReadonlyMap<string, Document>;

async function documents(): Promise<Documents> {
  const rows = (await oracle.value("rows:all", { table: "rows" })) as never as Row[];
  const articles = (await oracle.value("rows:all", { table: "articles" })) as never as Article[];
  return new Map([...rows, ...articles].map((document) => [document._id, document]));
}

/** Old and new versions of what was written. */
function versionsOf(
  written: readonly (string | null)[],
  before: Documents,
  after: Documents,
): Document[] {
  return [before, after].flatMap((documents) =>
    written.flatMap((id) => documents.get(id ?? "") ?? []),
  );
}

/** Whether a query, run before the changes, read something that they concern. */
function touches({ path, args }: Watch, before: Documents, changes: readonly Document[]): boolean {
  switch (path) {
    case "rows:drawnGet":
      return changes.some(({ _id }) => _id === args["id"]);
    case "rows:drawnRange": {
      const inside = (document: Document): document is Row =>
        "group" in document &&
        document.group === args["group"] &&
        document.position >= Number(args["from"]) &&
        document.position < Number(args["to"]);
      const sign = args["order"] === "asc" ? 1 : -1;
      const compare = (left: Row, right: Row) =>
        sign * (left.position - right.position || left._creationTime - right._creationTime);
      const last = [...before.values()].filter(inside).sort(compare)[Number(args["limit"]) - 1];
      return changes.some(
        (document) => inside(document) && (last === undefined || compare(document, last) <= 0),
      );
    }
    case "rows:drawnFound": {
      const words = wordsOf(args["words"] as string);
      return changes.some(
        (document) =>
          "body" in document &&
          (args["kind"] === undefined || args["kind"] === document.kind) &&
          wordsOf(document.body).some(
            (word) => words.includes(word) || word.startsWith(words.at(-1) ?? "\0"),
          ),
      );
    }
    default:
      return false;
  }
}
