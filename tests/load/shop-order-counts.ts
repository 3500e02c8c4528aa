import type { Doc } from "#convex/_generated/dataModel.js";
import { encodeDocumentId } from "#embedded/values/document-id.ts";

import { mixed, tableNumberOf, type ShopSnapshot, type TableRows } from "./shop-snapshot.ts";

/** What an order is counted by. */
export interface CountedOrder {
  readonly id: string;
  readonly placedAt: number;
  readonly creationTime: number;
  readonly amount: number;
}

/** Orders in the order of their places: of each position the state is that of its remainder. */
export interface CountedOrders {
  readonly count: number;
  readonly states: readonly Doc<"orders">["state"][];
  readonly orderAt: (position: number) => CountedOrder;
}

const COMPONENT = "_components/orderTotals";
const MAX_NODE_SIZE = 16;
/** Subtrees of a full node here, so that there is room for what comes later. */
const FAN_OUT = 13;
const MIN_SUBTREES = MAX_NODE_SIZE / 2 + 1;

/**
 * The B-trees that `@convex-dev/aggregate` would have made from these orders and the demo's own: one
 * of all orders and one of each state, built from their sorted items instead of by a million
 * insertions (`src/component/schema.ts` and `btree.ts` of the package, version 0.3).
 */
export function orderCounts(snapshot: ShopSnapshot, made: CountedOrders): TableRows[] {
  const own = snapshot
    .rows("orders")
    .sort(
      (left, right) => left.placedAt - right.placedAt || left._creationTime - right._creationTime,
    );
  const trees = snapshot.rowsAt(`${COMPONENT}/btree`);
  const nodeNumber = tableNumberOf(snapshot.rowsAt(`${COMPONENT}/btreeNode`)[0]);
  const sequences = trees.map(({ namespace }) => {
    const isCounted = ({ state }: { state: string }) => namespace === "all" || state === namespace;
    const remainders = made.states.flatMap((state, at) => (isCounted({ state }) ? [at] : []));
    return sequenceOf(made, remainders, own.filter(isCounted).map(countedOrder));
  });
  const rootId = (tree: number) => nodeId(nodeNumber, tree, 0);
  return [
    {
      folder: `${COMPONENT}/btree`,
      rows: trees.map((tree, index) => ({ ...tree, root: rootId(index) })),
    },
    {
      folder: `${COMPONENT}/btreeNode`,
      rows: (function* nodes() {
        for (const [tree, items] of sequences.entries()) {
          yield* new TreeBuilder(items, (node) => nodeId(nodeNumber, tree, node)).nodes();
        }
      })(),
    },
  ];
}

interface Sequence {
  readonly length: number;
  at(index: number): CountedOrder;
}

function sequenceOf(
  { count, states, orderAt }: CountedOrders,
  remainders: readonly number[],
  own: readonly CountedOrder[],
): Sequence {
  const period = states.length;
  const rest = remainders.filter((remainder) => remainder < count % period).length;
  const made = Math.floor(count / period) * remainders.length + rest;
  return {
    length: made + own.length,
    at(index) {
      const last = own[index - made];
      if (last !== undefined) return last;
      const remainder = remainders[index % remainders.length] ?? 0;
      return orderAt(Math.floor(index / remainders.length) * period + remainder);
    },
  };
}

function countedOrder(order: Doc<"orders">): CountedOrder {
  const { _id: id, placedAt, _creationTime: creationTime, total } = order;
  return { id, placedAt, creationTime, amount: total.amount };
}

interface Node {
  readonly id: string;
  readonly count: number;
  readonly sum: number;
}

class TreeBuilder {
  readonly #items: Sequence;
  readonly #idOf: (node: number) => string;
  #made = 0;

  constructor(items: Sequence, idOf: (node: number) => string) {
    this.#items = items;
    this.#idOf = idOf;
  }

  /** Every node after those below it; the root has the first id and, as the package does it, no aggregate. */
  *nodes(): Generator<object> {
    let height = 1;
    while (FAN_OUT ** height - 1 < this.#items.length) height += 1;
    yield* this.#node(0, this.#items.length, height, true);
  }

  *#node(from: number, to: number, height: number, isRoot: boolean): Generator<object, Node> {
    const id = this.#idOf(isRoot ? 0 : (this.#made += 1));
    const full = FAN_OUT ** (height - 1);
    const wanted = Math.ceil((to - from + 1) / full);
    const parts = height === 1 ? to - from + 1 : Math.max(wanted, isRoot ? 2 : MIN_SUBTREES);
    const subtrees: string[] = [];
    const items: object[] = [];
    let [count, sum, next] = [0, 0, from];
    for (let part = 0; part < parts; part += 1) {
      // Between two parts stands one item.
      const end = from + Math.floor(((to - from + 1) * (part + 1)) / parts) - 1;
      if (height > 1) {
        const below = yield* this.#node(next, end, height - 1, false);
        subtrees.push(below.id);
        count += below.count;
        sum += below.sum;
      }
      if (part === parts - 1) break;
      const item = this.#items.at(end);
      items.push(itemOf(item));
      count += 1;
      sum += item.amount;
      next = end + 1;
    }
    const _creationTime = 1;
    yield {
      _id: id,
      _creationTime,
      items,
      subtrees,
      ...(isRoot ? {} : { aggregate: { count, sum } }),
    };
    return { id, count, sum };
  }
}

/** `keyToPosition` of the package for the key `[placedAt, _creationTime]`. */
function itemOf({ id, placedAt, creationTime, amount }: CountedOrder): object {
  return { k: [["", placedAt, "", creationTime, ""], id, ""], v: id, s: amount };
}

function nodeId(tableNumber: number, tree: number, node: number): string {
  const internalId = Buffer.alloc(16);
  internalId.writeUInt32LE(mixed(node, 100 + tree), 0);
  internalId.writeUInt32LE(tree, 8);
  internalId.writeUInt32LE(node, 12);
  return encodeDocumentId({ tableNumber, internalId });
}
