import { expect, test } from "vitest";

import { DamagedRecordError, isDamage } from "./storage-error.ts";

const failedWith = (code: number | string) => Object.assign(new Error(String(code)), { code });

test("what LMDB says of a broken file is damage, and so is a record that cannot be read", () => {
  for (const code of [-30797, -30796, -30795, -30793])
    expect(isDamage(failedWith(code))).toBe(true);
  expect(isDamage(new DamagedRecordError("a row"))).toBe(true);
});

test("a transaction that failed, a full map and want of memory or room are no damage", () => {
  const codes = [-30782, -30792, 12, "ENOMEM", "ENOSPC"];
  for (const code of codes) expect(isDamage(failedWith(code))).toBe(false);
});
