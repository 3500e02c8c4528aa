import { expect, test } from "vitest";

import { generateInstanceSecret } from "./admin-key.ts";
import { createUploadTokens } from "./upload-tokens.ts";

const secret = generateInstanceSecret();

test("a token names its component for one hour", () => {
  let now = 1_000;
  const tokens = createUploadTokens(secret, () => now);
  const token = tokens.issue("a/b");
  expect(tokens.verify(token)).toBe("a/b");
  now += 59 * 60_000;
  expect(tokens.verify(token)).toBe("a/b");
  now += 60_000;
  expect(() => tokens.verify(token)).toThrow(/expired/);
});

test("a token that was changed or signed by someone else is refused", () => {
  const tokens = createUploadTokens(secret);
  const [payload, signature] = tokens.issue("").split(".");
  const longer = Buffer.from(JSON.stringify([4e12, "", "x"])).toString("base64url");
  const foreign = createUploadTokens(generateInstanceSecret()).issue("");
  for (const token of ["", ".", payload!, `${longer}.${signature!}`, foreign]) {
    expect(() => tokens.verify(token)).toThrow(/not valid/);
  }
});
