import { expect, test } from "vitest";

import { serialOrder } from "./history-graph.ts";
import { replay } from "./history-replay.ts";
import { Anomaly, type RanTransaction, type Register } from "./history.ts";
import type { Step } from "./programs.ts";

const initial: readonly Register[] = [
  { key: 0, value: "zero" },
  { key: 1, value: "one" },
];

let clock = 0;

/** A transaction that overlaps all others unless it is given times. */
function ran(
  name: string,
  performed: readonly (readonly [Step, unknown])[],
  options: Partial<RanTransaction> = {},
): RanTransaction {
  return {
    name,
    steps: performed.map(([step]) => step),
    trace: performed.map(([, seen]) => seen),
    isAborted: false,
    ts: null,
    invokedAt: (clock += 1) - 1_000_000,
    answeredAt: Infinity,
    after: [],
    ...options,
  };
}

const read = (key: number, seen: string | null): [Step, unknown] => [{ kind: "read", key }, seen];
const write = (key: number, value: string, seen: string | null): [Step, unknown] => [
  { kind: "write", key, value, isReplacing: false },
  seen,
];
const scan = (from: number, to: number, seen: Register[]): [Step, unknown] => [
  { kind: "scan", from, to, order: "asc", limit: 10 },
  seen,
];

const names = (order: readonly RanTransaction[]) => order.map(({ name }) => name);

test("dependencies alone give the order", () => {
  const order = serialOrder(initial, [
    ran("c", [read(0, "b's")]),
    ran("b", [write(0, "b's", "a's")]),
    ran("a", [write(0, "a's", "zero")]),
    ran("first", [read(0, "zero")]),
  ]);
  expect(names(order)).toEqual(["first", "a", "b", "c"]);
  expect(replay(initial, order)).toEqual([{ key: 0, value: "b's" }, initial[1]]);
});

test.each<[string, RanTransaction[]]>([
  ["a lost update", [ran("a", [write(0, "a's", "zero")]), ran("b", [write(0, "b's", "zero")])]],
  [
    "write skew",
    [
      ran("a", [read(0, "zero"), write(1, "a's", "one")]),
      ran("b", [read(1, "one"), write(0, "b's", "zero")]),
    ],
  ],
  [
    "a phantom",
    [
      ran("a", [scan(0, 9, [...initial]), write(5, "a's", null)]),
      ran("b", [scan(0, 9, [...initial]), write(6, "b's", null)]),
    ],
  ],
  [
    "half a transaction",
    [
      ran("a", [write(0, "a's", "zero"), write(1, "a's too", "one")]),
      ran("b", [read(0, "a's"), read(1, "one")]),
    ],
  ],
  [
    "a dirty read",
    [ran("a", [write(0, "a's", "zero")], { isAborted: true }), ran("b", [read(0, "a's")])],
  ],
  [
    "an intermediate read",
    [ran("a", [write(0, "x", "zero"), write(0, "y", "x")]), ran("b", [read(0, "x")])],
  ],
  [
    "a read that does not repeat",
    [ran("a", [write(0, "a's", "zero")]), ran("b", [read(0, "zero"), read(0, "a's")])],
  ],
  ["a write it cannot see itself", [ran("a", [write(0, "a's", "zero"), read(0, "zero")])]],
  [
    "a stale read",
    [
      ran("a", [write(0, "a's", "zero")], { invokedAt: 1, answeredAt: 2 }),
      ran("b", [read(0, "zero")], { invokedAt: 3, answeredAt: 4 }),
    ],
  ],
  [
    "timestamps against the data",
    [
      ran("a", [write(0, "a's", "zero")], { ts: 2n }),
      ran("b", [write(0, "b's", "a's")], { ts: 1n }),
    ],
  ],
  [
    "two commits at one time",
    [
      ran("a", [write(0, "a's", "zero")], { ts: 1n }),
      ran("b", [write(1, "b's", "one")], { ts: 1n }),
    ],
  ],
  [
    "mutations of a socket out of order",
    [
      ran("b", [write(0, "b's", "zero")]),
      ran("a", [write(0, "a's", "b's")]),
      ran("b2", [], { after: ["a"] }),
      ran("a0", [read(0, "zero")], { after: ["b2"] }),
    ],
  ],
  [
    "a failure that shows a state there never was",
    [
      ran("a", [write(0, "a's", "zero"), write(1, "a's too", "one")]),
      ran("b", [read(0, "zero"), read(1, "a's too")], { isAborted: true }),
    ],
  ],
])("%s is no serial execution", (_name, history) => {
  expect(() => serialOrder(initial, history)).toThrow(Anomaly);
});

test("the replay notices what a limit or an order of rows got wrong", () => {
  const wrong: [Step, unknown] = [
    { kind: "scan", from: 0, to: 9, order: "desc", limit: 2 },
    [...initial],
  ];
  expect(() => replay(initial, [ran("a", [wrong])])).toThrow(Anomaly);
});

test("what a failed nested transaction wrote is gone, what it read counts", () => {
  const nested: [Step, unknown] = [
    {
      kind: "nested",
      steps: [{ kind: "write", key: 0, value: "undone", isReplacing: false }, { kind: "fail" }],
    },
    { failed: true, trace: ["zero"] },
  ];
  const order = serialOrder(initial, [ran("a", [nested, read(0, "zero")])]);
  expect(replay(initial, order)).toEqual(initial);
  const other = ran("b", [write(0, "b's", "zero"), write(1, "b's too", "one")]);
  const torn = ran("a", [nested, read(1, "b's too")]);
  expect(() => serialOrder(initial, [torn, other])).toThrow(Anomaly);
});
