/** What suites use of the npm package `@fast-check/vitest`. */
import * as fc from "fast-check";
import { test as vitestTest } from "vitest";

export { fc };

type Arbitraries<Values> = { readonly [Name in keyof Values]: fc.Arbitrary<Values[Name]> };

export const test = Object.assign(vitestTest, {
  /** Declares a test that has to hold for all values. */
  prop:
    <Values extends object>(arbitraries: Arbitraries<Values>, parameters?: object) =>
    (name: string, check: (values: Values) => void | Promise<void>, timeoutMs?: number) =>
      vitestTest(
        name,
        () =>
          fc.assert(
            fc.asyncProperty(fc.record(arbitraries), async (values) => {
              await check(values);
            }),
            parameters ?? {},
          ),
        timeoutMs,
      ),
});
