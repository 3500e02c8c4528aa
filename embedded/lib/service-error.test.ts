import { expect, test } from "vitest";

import { OccConflictError } from "../database/database-error.ts";
import { toServiceError } from "./service-error.ts";

test("who meets conflicts to the last retry is told of the table, in Convex's words", () => {
  expect(toServiceError(new OccConflictError("messages", "m1"))).toMatchObject({
    kind: "overloaded",
    code: "OptimisticConcurrencyControlFailure",
    message:
      'Documents read from or written to the "messages" table changed while this mutation was ' +
      "being run and on every subsequent retry. See https://docs.convex.dev/error#1",
  });
});

test("a conflict over the system's own tables is told with the advice to read less", () => {
  const { message } = toServiceError(new OccConflictError("_storage", "f1"));
  expect(message).toBe(
    "Data read or written in this mutation changed while it was being run. Consider reducing the " +
      "amount of data read by using indexed queries with selective index range expressions " +
      "(https://docs.convex.dev/database/indexes/).",
  );
});

test("what nobody foresaw is not told", () => {
  expect(toServiceError(new Error("secret"))).toMatchObject({
    kind: "internal",
    code: "InternalServerError",
    message: "Your request couldn't be completed. Try again later.",
  });
});
