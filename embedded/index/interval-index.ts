import { isPoint, type Interval } from "./interval-set.ts";

/** Greater than every latin1 key: stands for the end of an index. */
const END = "\uffff";

interface Node<T> {
  readonly lower: string;
  readonly upper: string;
  readonly owner: T;
  readonly sequence: number;
  readonly priority: number;
  /** Greatest `upper` in this subtree. */
  maxUpper: string;
  left: Node<T> | null;
  right: Node<T> | null;
}

/** Handle of one added interval. */
export interface IntervalHandle {
  readonly interval: Interval;
  readonly sequence: number;
}

/**
 * Finds the owners of all intervals that hold a key: a map for single keys, and for ranges a treap
 * ordered by start in which every node knows the greatest end below it.
 */
export class IntervalIndex<T> {
  readonly #points = new Map<string, Map<number, T>>();
  #root: Node<T> | null = null;
  #nextSequence = 0;
  #seed = 0x9e3779b9;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(interval: Interval, owner: T): IntervalHandle {
    const handle = { interval, sequence: this.#nextSequence++ };
    this.#size += 1;
    if (isPoint(interval)) {
      const owners = this.#points.get(interval.lower);
      if (owners === undefined) {
        this.#points.set(interval.lower, new Map([[handle.sequence, owner]]));
      } else owners.set(handle.sequence, owner);
      return handle;
    }
    const upper = interval.upper ?? END;
    const [before, after] = split(this.#root, interval.lower, handle.sequence);
    const node: Node<T> = {
      lower: interval.lower,
      upper,
      owner,
      sequence: handle.sequence,
      priority: this.#random(),
      maxUpper: upper,
      left: null,
      right: null,
    };
    this.#root = merge(merge(before, node), after);
    return handle;
  }

  /** Removing a handle twice does nothing. */
  remove({ interval, sequence }: IntervalHandle): void {
    if (isPoint(interval)) {
      const owners = this.#points.get(interval.lower);
      if (owners?.delete(sequence) !== true) return;
      if (owners.size === 0) this.#points.delete(interval.lower);
      this.#size -= 1;
      return;
    }
    const [before, rest] = split(this.#root, interval.lower, sequence);
    const [found, after] = split(rest, interval.lower, sequence + 1);
    if (found !== null) this.#size -= 1;
    this.#root = merge(before, after);
  }

  /** Calls back for every interval that holds the key; the callback must not change this index. */
  forEachContaining(key: string, callback: (owner: T) => void): void {
    this.#points.get(key)?.forEach(callback);
    stab(this.#root, key, callback);
  }

  forEach(callback: (owner: T) => void): void {
    for (const owners of this.#points.values()) owners.forEach(callback);
    visit(this.#root, callback);
  }

  /** xorshift32: priorities only have to be independent of the keys. */
  #random(): number {
    let x = this.#seed;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#seed = x;
    return x;
  }
}

/** Nodes before (lower, sequence), and the others. */
function split<T>(
  node: Node<T> | null,
  lower: string,
  sequence: number,
): [Node<T> | null, Node<T> | null] {
  if (node === null) return [null, null];
  if (node.lower < lower || (node.lower === lower && node.sequence < sequence)) {
    const [middle, after] = split(node.right, lower, sequence);
    node.right = middle;
    return [refresh(node), after];
  }
  const [before, middle] = split(node.left, lower, sequence);
  node.left = middle;
  return [before, refresh(node)];
}

function merge<T>(left: Node<T> | null, right: Node<T> | null): Node<T> | null {
  if (left === null) return right;
  if (right === null) return left;
  if (left.priority > right.priority) {
    left.right = merge(left.right, right);
    return refresh(left);
  }
  right.left = merge(left, right.left);
  return refresh(right);
}

function refresh<T>(node: Node<T>): Node<T> {
  let max = node.upper;
  if (node.left !== null && node.left.maxUpper > max) max = node.left.maxUpper;
  if (node.right !== null && node.right.maxUpper > max) max = node.right.maxUpper;
  node.maxUpper = max;
  return node;
}

function stab<T>(node: Node<T> | null, key: string, callback: (owner: T) => void): void {
  let current = node;
  while (current !== null && current.maxUpper > key) {
    stab(current.left, key, callback);
    if (current.lower > key) return;
    if (current.upper > key) callback(current.owner);
    current = current.right;
  }
}

function visit<T>(node: Node<T> | null, callback: (owner: T) => void): void {
  if (node === null) return;
  visit(node.left, callback);
  callback(node.owner);
  visit(node.right, callback);
}
