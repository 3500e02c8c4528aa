/** Pages under writes: neither gaps nor doubles. */
import type { Value } from "convex/values";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";

import { startOracleDeployment, type OracleDeployment } from "./oracle-deployment.ts";
import { expectEnough, oracleRuns, oracleTimeout } from "./oracle-runs.ts";
import { SyncProbe, type ObservedTransition, type Watch } from "./sync-probe.ts";

interface Row {
  readonly _id: string;
  readonly _creationTime: number;
  readonly position: number;
  readonly label: string;
}

interface Page {
  readonly page: readonly Row[];
  readonly isDone: boolean;
  readonly continueCursor: string;
  readonly splitCursor: string | null;
}

interface ListOptions {
  readonly order: "asc" | "desc";
  readonly only: string | null;
  readonly numItems: number;
}

type Command =
  | { readonly kind: "more" | "reconnect" | "signIn" }
  | { readonly kind: "split"; readonly page: number }
  | { readonly kind: "write"; readonly changes: readonly Change[]; readonly isAwaited: boolean };

/** What is written next to (or instead of) a row that is on a page now. */
interface Change {
  readonly kind: "before" | "same" | "behind" | "delete" | "move" | "relabel";
  readonly page: number;
  readonly edge: "first" | "middle" | "last";
  readonly label: string;
}

const GROUP = 7;
const LABELS = ["x", "y"] as const;
const label = fc.constantFrom(...LABELS);
const change: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom("before", "same", "behind", "delete", "delete", "move", "relabel"),
  page: fc.nat(3),
  edge: fc.constantFrom("first", "middle", "last", "last"),
  label,
});
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("write" as const),
      changes: fc.array(change, { minLength: 1, maxLength: 3 }),
      isAwaited: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.constant({ kind: "more" as const }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("split" as const), page: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.constantFrom({ kind: "reconnect" }, { kind: "signIn" }) },
);
const listOptions: fc.Arbitrary<ListOptions> = fc.record({
  order: fc.constantFrom("asc" as const, "desc" as const),
  only: fc.option(label, { freq: 2 }),
  numItems: fc.integer({ min: 1, max: 5 }),
});
const firstRows = fc.array(fc.record({ position: fc.nat(6), label }), {
  minLength: 4,
  maxLength: 16,
});

let oracle: OracleDeployment;
let token: string;
let nonce = 0;
beforeAll(async () => {
  oracle = await startOracleDeployment();
  token = await oracle.sign("ann");
}, 60_000);
afterAll(() => oracle.dispose());

test(
  "live pages joined are the list, at every Transition, whatever is written at their borders",
  { timeout: oracleTimeout(60_000) },
  async () => {
    let checked = 0;
    let splits = 0;
    await fc.assert(
      fc.asyncProperty(
        firstRows,
        listOptions,
        fc.array(command, { minLength: 6, maxLength: 14, size: "max" }),
        async (rows, options, commands) => {
          await fill(rows);
          const list = new LiveList(options);
          await list.open();
          for (const command of commands) await list.perform(command);
          await list.settle();
          expect(list.probe.violations).toEqual([]);
          checked += await list.check();
          splits += list.splits;
          await list.probe.close();
        },
      ),
      oracleRuns("live pages", 12),
    );
    expectEnough(checked, 30);
    expectEnough(splits, 1);
  },
);

/** Pages of one list as a client holds them, each from where the one before ended. */
class LiveList {
  readonly probe = new SyncProbe(oracle.backend.url);
  splits = 0;
  readonly #options: ListOptions;
  #pages: readonly Watch[] = [];
  /** Every division into pages there has been; a Transition may still show an older one. */
  readonly #divisions: (readonly Watch[])[] = [];
  #isSignedIn = false;

  constructor(options: ListOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    await this.probe.connect();
    this.#divide([this.#watch(null)]);
    await this.probe.settle();
  }

  async settle(): Promise<void> {
    await this.probe.settle();
  }

  async perform(command: Command): Promise<void> {
    switch (command.kind) {
      case "write": {
        const written = this.#write(command.changes);
        if (command.isAwaited) await written;
        // The next command overtakes the writes, but not the test.
        else await Promise.race([written, Promise.resolve()]);
        this.#unfinished.push(written);
        break;
      }
      case "more": {
        const last = pageOf(this.#pages.at(-1));
        if (last === null || last.isDone) return;
        this.#divide([...this.#pages, this.#watch(last.continueCursor)]);
        break;
      }
      case "split":
        await this.#split(command.page);
        break;
      case "reconnect":
        await this.#finishWrites();
        this.probe.cut();
        await this.probe.connect();
        break;
      case "signIn":
        this.#isSignedIn = !this.#isSignedIn;
        this.probe.authenticate(this.#isSignedIn ? token : null);
    }
  }

  readonly #unfinished: Promise<unknown>[] = [];

  async #finishWrites(): Promise<void> {
    await Promise.all(this.#unfinished.splice(0));
  }

  /** The two halves are asked for first, as the official client does, then the whole is given up. */
  async #split(position: number): Promise<void> {
    await this.probe.settle();
    const index = position % this.#pages.length;
    const whole = this.#pages[index]!;
    const { splitCursor, continueCursor } = pageOf(whole)!;
    if (splitCursor === null) return;
    const { cursor } = whole.args["paginationOpts"] as { cursor: string | null };
    const halves = [this.#watch(cursor, splitCursor), this.#watch(splitCursor, continueCursor)];
    this.#divide(this.#pages.toSpliced(index, 1, ...halves));
    await this.probe.settle();
    this.probe.unwatch(whole);
    this.splits += 1;
  }

  #divide(pages: readonly Watch[]): void {
    this.#pages = pages;
    this.#divisions.push(pages);
  }

  #watch(cursor: string | null, endCursor?: string): Watch {
    return this.probe.watch("rows:page", listArgs(this.#options, cursor, endCursor));
  }

  async #write(changes: readonly Change[]): Promise<void> {
    const writes = changes.flatMap((change) => {
      const rows = pageOf(this.#pages[change.page % this.#pages.length])?.page ?? [];
      const at = { first: 0, middle: Math.floor(rows.length / 2), last: rows.length - 1 };
      const row = rows[at[change.edge]];
      return row === undefined ? [] : [encodeChange(change, row)];
    });
    await this.probe.mutation("rows:write", { writes });
  }

  /** Compares every division with the whole list, Transition by Transition; returns how many. */
  async check(): Promise<number> {
    await this.#finishWrites();
    await this.probe.settle();
    let checked = 0;
    for (const transition of this.probe.transitions) {
      const whole = await wholeList(this.#options, transition.ts);
      for (const division of this.#divisions) {
        const pages = division.map((watch) => pageAt(transition, watch));
        if (pages.some((page) => page === null)) continue;
        checked += 1;
        this.#expectContiguous(division, pages as Page[], whole);
      }
    }
    return checked;
  }

  #expectContiguous(
    division: readonly Watch[],
    pages: readonly Page[],
    whole: readonly Row[],
  ): void {
    const joined = pages.flatMap(({ page }) => page);
    const end = this.#endOf(division.at(-1)!);
    const { order } = this.#options;
    const covered = whole.filter((row) => end === null || compareRows(order, row, end) <= 0);
    expect(joined).toEqual(covered);
    expect(pages.at(-1)?.isDone).toBe(end === null);
    for (const { isDone } of pages.slice(0, -1)) expect(isDone).toBe(false);
  }

  /**
   * The row that a page ended with when it was first run, `null` for the list's end. The second half of
   * a split ends where the whole did.
   */
  #endOf(watch: Watch): Row | null {
    const { endCursor } = watch.args["paginationOpts"] as { endCursor?: string };
    for (const transition of this.probe.transitions) {
      for (const other of transition.answers.keys()) {
        const isOrigin = endCursor === undefined ? other === watch : !hasEnd(other);
        const page = isOrigin ? pageAt(transition, other) : null;
        if (page === null) continue;
        if (endCursor !== undefined && page.continueCursor !== endCursor) continue;
        return page.isDone ? null : page.page.at(-1)!;
      }
    }
    throw new Error("The page was never shown.");
  }
}

function hasEnd({ args }: Watch): boolean {
  return (args["paginationOpts"] as { endCursor?: string }).endCursor !== undefined;
}

function listArgs(
  { order, only, numItems }: ListOptions,
  cursor: string | null,
  endCursor?: string,
) {
  const paginationOpts = { numItems, cursor, ...(endCursor === undefined ? {} : { endCursor }) };
  return { group: GROUP, order, only, paginationOpts };
}

function encodeChange({ kind, label }: Change, { _id, position }: Row): Record<string, Value> {
  const insert = (at: number) => ({
    kind: "insert",
    table: "rows",
    value: { group: GROUP, position: at, label },
  });
  switch (kind) {
    case "before":
      return insert(position - 0.25);
    case "same":
      return insert(position);
    case "behind":
      return insert(position + 0.25);
    case "delete":
      return { kind: "delete", id: _id };
    case "move":
      return { kind: "patch", id: _id, value: { position: position + 1 } };
    case "relabel":
      return { kind: "patch", id: _id, value: { label } };
  }
}

function pageOf(watch: Watch | undefined): Page | null {
  return watch?.answer?.isOk === true ? (JSON.parse(watch.answer.text) as Page) : null;
}

function pageAt({ answers }: ObservedTransition, watch: Watch): Page | null {
  const answer = answers.get(watch);
  if (answer === undefined) return null;
  expect(answer.isOk ? "" : answer.text).toBe("");
  return JSON.parse(answer.text) as Page;
}

/** The list without pages, as of `ts`. */
async function wholeList({ order, only }: ListOptions, ts: string): Promise<Row[]> {
  const args = { group: GROUP, from: -100, to: 100, order, limit: 1000, nonce: (nonce += 1) };
  const { text } = await oracle.query("rows:range", args, { ts });
  const rows = JSON.parse(text) as Row[];
  return rows.filter((row) => only === null || row.label === only);
}

function compareRows(order: "asc" | "desc", left: Row, right: Row): number {
  const ascending = left.position - right.position || left._creationTime - right._creationTime;
  return order === "asc" ? ascending : -ascending;
}

async function fill(rows: readonly { position: number; label: string }[]): Promise<void> {
  await oracle.change("rows:reset", { tables: ["rows"] });
  await oracle.change("rows:write", {
    writes: rows.map((row) => ({ kind: "insert", table: "rows", value: { group: GROUP, ...row } })),
  });
}

test(
  "a walk through the pages meets every row that nobody touches once, and no row twice",
  { timeout: oracleTimeout(30_000) },
  async () => {
    await fc.assert(
      fc.asyncProperty(
        firstRows,
        listOptions,
        fc.array(fc.array(change, { maxLength: 3 }), { minLength: 20, maxLength: 20 }),
        async (rows, options, batches) => {
          await fill(rows);
          const start = (await oracle.value("rows:all", { table: "rows" })) as never as Row[];
          const touched = new Set<string>();
          const met: Row[] = [];
          let cursor: string | null = null;
          for (let isDone = false; !isDone;) {
            const args = listArgs(options, cursor);
            const page = (await oracle.value("rows:page", args)) as never as Page;
            met.push(...page.page);
            cursor = page.continueCursor;
            ({ isDone } = page);
            const writes = (batches.shift() ?? []).flatMap((change) => {
              const row = start[(change.page * 5 + change.edge.length) % start.length];
              if (row === undefined) return [];
              if (["delete", "move", "relabel"].includes(change.kind)) touched.add(row._id);
              return [encodeChange(change, row)];
            });
            await oracle.change("rows:write", { writes });
          }
          const ids = met.map(({ _id }) => _id).filter((id) => !touched.has(id));
          expect(new Set(ids).size).toBe(ids.length);
          const expected = start
            .filter(({ _id, label }) => !touched.has(_id) && [null, label].includes(options.only))
            .sort((left, right) => compareRows(options.order, left, right))
            .map(({ _id }) => _id);
          const first = new Set(start.map(({ _id }) => _id));
          expect(ids.filter((id) => first.has(id))).toEqual(expected);
        },
      ),
      oracleRuns("walks", 20),
    );
  },
);
