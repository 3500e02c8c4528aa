import fc from "fast-check";
import { expect, test } from "vitest";

import { afterPrefix, encodeKey } from "../values/index-key.ts";
import { stringifyValue } from "../values/normalize.ts";
import { optionalValues } from "../values/test-values.ts";
import { NaiveStore } from "./test-naive-store.ts";
import {
  applySchema,
  commit,
  cursor,
  openTestDatabase,
  schemaOf,
  stored,
  take,
} from "./test-database.ts";
import type { KeyInterval } from "./types.ts";

const rowsOf = fc.array(fc.record({ a: optionalValues, b: optionalValues }), { maxLength: 12 });
const bound = fc.oneof(
  optionalValues.map((a) => [a]),
  fc.tuple(optionalValues, optionalValues),
);
const intervals: fc.Arbitrary<KeyInterval> = fc
  .record({
    lower: fc.option(fc.tuple(bound, fc.boolean())),
    upper: fc.option(fc.tuple(bound, fc.boolean())),
  })
  .map(({ lower, upper }) => {
    const edge = ([values, isAfter]: [Parameters<typeof encodeKey>[0], boolean]): string =>
      isAfter ? afterPrefix(encodeKey(values)) : encodeKey(values);
    return { lower: lower === null ? "" : edge(lower), upper: upper === null ? null : edge(upper) };
  });

test("ranges over values of all types are those of a naive store, stored, pending or own", async () => {
  const { db } = await openTestDatabase();
  await applySchema(db, schemaOf({ items: { indexes: { by_ab: ["a", "b"] } } }));
  await fc.assert(
    fc.asyncProperty(
      rowsOf,
      rowsOf,
      fc.boolean(),
      intervals,
      fc.constantFrom("asc" as const, "desc" as const),
      fc.constantFrom(undefined, 0, 1, 3, Infinity),
      async (committed, own, isStored, interval, order, expected) => {
        commit(db, (tx) => {
          for (const { document } of take(cursor(tx, "items"))) tx.remove("", document.id);
          for (const row of committed) tx.insert("", "items", jsonOf(row));
        });
        if (isStored) await stored(db);
        const tx = db.begin();
        for (const [position, row] of own.entries()) {
          const existing = take(cursor(tx, "items"))[position];
          if (existing === undefined || position % 2 === 0) tx.insert("", "items", jsonOf(row));
          else tx.replace("", existing.document.id, jsonOf(row));
        }
        let model = new NaiveStore();
        for (const { document } of take(cursor(tx, "items"))) {
          const { id, creationTime, json } = document;
          model = model.with({ id, creationTime, value: JSON.parse(json) as never });
        }
        expect(model.documents.size).toBe(tx.count("", "items"));
        const entries = take(cursor(tx, "items", "by_ab", interval, order, expected));
        expect(entries.map(({ document }) => document.id)).toEqual(
          model.range(["a", "b"], interval, order),
        );
        const keys = entries.map(({ key }) => key);
        expect(order === "asc" ? keys.toSorted() : keys.toSorted().reverse()).toEqual(keys);
      },
    ),
    { numRuns: 150 },
  );
});

test("pages joined at their last keys are the whole range", async () => {
  const { db } = await openTestDatabase();
  await applySchema(db, schemaOf({ items: { indexes: { by_a: ["a"] } } }));
  fc.assert(
    fc.property(
      rowsOf,
      fc.integer({ min: 1, max: 4 }),
      fc.constantFrom("asc" as const, "desc" as const),
      (rows, pageSize, order) => {
        commit(db, (tx) => {
          for (const { document } of take(cursor(tx, "items"))) tx.remove("", document.id);
          for (const row of rows) tx.insert("", "items", jsonOf(row));
        });
        const whole = take(cursor(db.begin(), "items", "by_a", undefined, order));
        const joined: typeof whole = [];
        let interval: KeyInterval = { lower: "", upper: null };
        for (;;) {
          const page = take(cursor(db.begin(), "items", "by_a", interval, order), pageSize);
          joined.push(...page);
          const last = page[page.length - 1];
          if (last === undefined) break;
          interval =
            order === "asc"
              ? { lower: `${last.key}\0`, upper: null }
              : { lower: "", upper: last.key };
        }
        expect(joined).toEqual(whole);
      },
    ),
    { numRuns: 50 },
  );
});

function jsonOf(row: { a: unknown; b: unknown }): string {
  const present = Object.entries(row).filter(([, value]) => value !== undefined);
  return stringifyValue(Object.fromEntries(present) as never);
}
