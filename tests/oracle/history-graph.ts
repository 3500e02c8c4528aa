/**
 * Judges a history by its dependencies alone (Adya's serialization graph): a transaction comes after
 * whoever wrote what it read or replaced, and before whoever replaced what it read. Values are unique
 * and every write saw what it replaced, so that the order of versions is known without a clock.
 * Added are what clients know (answered before asked, same socket, scheduled by) and the timestamps.
 */
import {
  Anomaly,
  effectsOf,
  versionOf,
  type Effects,
  type RanTransaction,
  type Register,
  type Version,
} from "./history.ts";

interface Edge {
  readonly to: string;
  readonly why: string;
}

/**
 * A serial order that explains everything.
 * @throws Anomaly naming the transactions that contradict each other.
 */
export function serialOrder(
  initial: readonly Register[],
  ran: readonly RanTransaction[],
): RanTransaction[] {
  const effects = new Map(ran.map((transaction) => [transaction.name, effectsOf(transaction)]));
  const graph = new Graph(ran.map(({ name }) => name));
  addDependencies(graph, initial, effects);
  addKnownOrder(graph, ran);
  addTimestampOrder(graph, ran, effects);
  const byName = new Map(ran.map((transaction) => [transaction.name, transaction]));
  return graph.sorted().flatMap((name) => byName.get(name) ?? []);
}

function addDependencies(
  graph: Graph,
  initial: readonly Register[],
  effects: ReadonlyMap<string, Effects>,
): void {
  const writers = new Map<Version, string>();
  const successors = new Map<Version, Set<string>>();
  for (const [name, { writes }] of effects) {
    for (const { previous, version } of writes.values()) {
      writers.set(version, name);
      const next = successors.get(previous) ?? new Set();
      successors.set(previous, next.add(name));
    }
  }
  const known = new Set(initial.map(({ key, value }) => versionOf(key, value)));
  const isInitial = (key: number, version: Version) =>
    known.has(version) ||
    (version === versionOf(key, null) && !initial.some((register) => register.key === key));

  for (const [name, { reads, writes }] of effects) {
    for (const [key, version] of reads) {
      const writer = writers.get(version);
      if (writer !== undefined) graph.add(writer, name, `wrote ${version} read by`);
      else if (!isInitial(key, version)) {
        throw new Anomaly(`${name} read ${version}, which nobody left behind`);
      }
      for (const next of successors.get(version) ?? []) {
        graph.add(name, next, `read ${version} replaced by`);
      }
    }
    for (const { previous } of writes.values()) {
      const writer = writers.get(previous);
      if (writer !== undefined) graph.add(writer, name, `wrote ${previous} replaced by`);
    }
  }
}

function addKnownOrder(graph: Graph, ran: readonly RanTransaction[]): void {
  for (const { name, after, invokedAt } of ran) {
    for (const earlier of after) graph.add(earlier, name, "was before");
    for (const other of ran) {
      if (other.answeredAt < invokedAt) graph.add(other.name, name, "was answered before");
    }
  }
}

function addTimestampOrder(
  graph: Graph,
  ran: readonly RanTransaction[],
  effects: ReadonlyMap<string, Effects>,
): void {
  const writesSome = ({ name }: RanTransaction) => (effects.get(name)?.writes.size ?? 0) > 0;
  const stamped = ran
    .flatMap((transaction) =>
      transaction.ts === null ? [] : [{ transaction, ts: transaction.ts }],
    )
    .sort(
      (left, right) =>
        compare(left.ts, right.ts) ||
        Number(writesSome(right.transaction)) - Number(writesSome(left.transaction)) ||
        left.transaction.invokedAt - right.transaction.invokedAt,
    );
  for (const [position, { transaction, ts }] of stamped.entries()) {
    const next = stamped[position + 1];
    if (next === undefined) continue;
    if (ts === next.ts && writesSome(transaction) && writesSome(next.transaction)) {
      throw new Anomaly(`${transaction.name} and ${next.transaction.name} share ${ts}`);
    }
    graph.add(transaction.name, next.transaction.name, `at ${ts} is earlier than`);
  }
}

function compare(left: bigint, right: bigint): number {
  return left < right ? -1 : left === right ? 0 : 1;
}

class Graph {
  readonly #edges = new Map<string, Edge[]>();

  constructor(nodes: readonly string[]) {
    for (const node of nodes) this.#edges.set(node, []);
  }

  add(from: string, to: string, why: string): void {
    if (from !== to) this.#edges.get(from)?.push({ to, why });
  }

  /** @throws Anomaly with a cycle. */
  sorted(): string[] {
    const order: string[] = [];
    const states = new Map<string, "open" | "done">();
    const path: { node: string; why: string }[] = [];
    const visit = (node: string): void => {
      if (states.get(node) === "done") return;
      if (states.get(node) === "open") throw new Anomaly(describeCycle(path, node));
      states.set(node, "open");
      for (const { to, why } of this.#edges.get(node) ?? []) {
        path.push({ node, why });
        visit(to);
        path.pop();
      }
      states.set(node, "done");
      order.push(node);
    };
    for (const node of this.#edges.keys()) visit(node);
    return order.reverse();
  }
}

function describeCycle(path: readonly { node: string; why: string }[], start: string): string {
  const from = path.findIndex(({ node }) => node === start);
  const links = path.slice(from).map(({ node, why }) => `${node} ${why}`);
  return `no serial order: ${links.join(" ")} ${start}`;
}
