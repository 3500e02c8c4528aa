import { expect, test, vi } from "vitest";

import { TouchedKey } from "./write-log.ts";

test("a key that a commit left where it was is made for those who ask, once", () => {
  const make = vi.fn(() => "key");
  const touched = new TouchedKey(7, make, "id", null);
  expect(make).not.toHaveBeenCalled();
  expect([touched.key, touched.key]).toEqual(["key", "key"]);
  expect(make).toHaveBeenCalledTimes(1);
});
