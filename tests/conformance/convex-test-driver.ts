/** `convex-test`, the official in-memory imitation of a deployment. */
import { convexTest, type TestConvexForDataModel } from "convex-test";
import { makeFunctionReference, type GenericDataModel } from "convex/server";
import { vi } from "vitest";

import counterSchema from "../fixtures/conformance/convex/counter/schema.ts";
import ledgerSchema from "../fixtures/conformance/convex/ledger/schema.ts";
import schema from "../fixtures/conformance/convex/schema.ts";
import type { Caller, DriverKind } from "./driver.ts";

const ROOT = "../fixtures/conformance/convex/";

/** `convex-test` finds the functions folder by its `_generated`. */
const modules: Record<string, () => Promise<unknown>> = {
  ...import.meta.glob("../fixtures/conformance/convex/*.ts"),
  [`${ROOT}_generated/api.js`]: () => Promise.resolve({}),
};

const counterModules: Record<string, () => Promise<unknown>> = {
  ...import.meta.glob("../fixtures/conformance/convex/counter/*.ts"),
  [`${ROOT}counter/_generated/api.js`]: () => Promise.resolve({}),
};
const ledgerModules: Record<string, () => Promise<unknown>> = {
  ...import.meta.glob("../fixtures/conformance/convex/ledger/*.ts"),
  [`${ROOT}ledger/_generated/api.js`]: () => Promise.resolve({}),
};

type Target = TestConvexForDataModel<GenericDataModel>;

export const inMemory: DriverKind = {
  name: "convex-test",
  start: () =>
    Promise.resolve({
      async fresh() {
        vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
        const deployment = convexTest(schema, modules);
        for (const mount of ["first", "second"]) {
          deployment.registerComponent(mount, counterSchema, counterModules);
          deployment.registerComponent(`${mount}/ledger`, ledgerSchema, ledgerModules);
        }
        const target = deployment as unknown as Target;
        return {
          ...callerOf(target),
          as: (identity) =>
            Promise.resolve(
              callerOf(target.withIdentity({ ...identity, issuer: "https://issuer.example" })),
            ),
          async passTime(ms) {
            await vi.advanceTimersByTimeAsync(ms);
            await target.finishInProgressScheduledFunctions();
            await target.finishAllScheduledFunctions(() => vi.advanceTimersByTime(0));
          },
          download: refuse,
          upload: refuse,
        };
      },
      stop: () => Promise.resolve(void vi.useRealTimers()),
    }),
};

function callerOf(target: Target): Caller {
  return {
    query: (path, args = {}) => target.query(makeFunctionReference<"query">(path), args),
    mutation: (path, args = {}) => target.mutation(makeFunctionReference<"mutation">(path), args),
    action: (path, args = {}) => target.action(makeFunctionReference<"action">(path), args),
    fetch: (path, init) => target.fetch(path, init),
  };
}

function refuse(): Promise<never> {
  return Promise.reject(new Error("convex-test serves no files."));
}
