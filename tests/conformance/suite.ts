/** Runs every behaviour against one driver; its known gaps must still be gaps. */
import { afterAll, beforeAll, expect, test } from "vitest";

import { clauses } from "./clauses.ts";
import type { DriverKind, RunningDriver } from "./driver.ts";

/** Why a driver does not do what a behaviour says, by the behaviour's sentence. */
export type Gaps = Readonly<Record<string, string>>;

export function runSuite(kind: DriverKind, gaps: Gaps): void {
  let running: RunningDriver;
  beforeAll(async () => void (running = await kind.start()), 60_000);
  afterAll(() => running.stop());

  for (const { title, behaviours } of clauses) {
    for (const { name, check } of behaviours) {
      const declare = Object.hasOwn(gaps, name) ? test.fails : test;
      declare(`${title}: ${name}`, async () => {
        await check(await running.fresh());
      });
    }
  }

  test(`every known gap of ${kind.name} names a behaviour of the suite`, () => {
    const names = clauses.flatMap(({ behaviours }) => behaviours.map(({ name }) => name));
    expect(Object.keys(gaps).filter((name) => !names.includes(name))).toEqual([]);
  });
}
