import { expect, test } from "vitest";

import {
  REQUEST_CONTEXT_TTL_MS,
  signRequestContext,
  verifyRequestContext,
} from "./requestContext.ts";

const origin = { ip: "203.0.113.7", userAgent: "Browser" };
const signing = { secret: "a secret", now: 1000 };

test("ACC-5: the signed origin is read back until it expires", async () => {
  const token = await signRequestContext(origin, signing);
  expect(await verifyRequestContext(token, signing)).toMatchObject(origin);
  const late = { ...signing, now: signing.now + REQUEST_CONTEXT_TTL_MS + 1 };
  expect(await verifyRequestContext(token, late)).toBeNull();
});

test("ACC-5: another key, a changed payload and anything malformed say nothing", async () => {
  const token = await signRequestContext(origin, signing);
  const [payload = "", signature = ""] = token.split(".");
  const forged = await signRequestContext(
    { ...origin, ip: "10.0.0.1" },
    { ...signing, secret: "x" },
  );
  const [otherPayload = ""] = forged.split(".");
  const tokens = [
    forged,
    `${otherPayload}.${signature}`,
    `${payload}.`,
    `.${signature}`,
    `${token}.more`,
    payload,
    "",
    "a.b",
    "%%%.%%%",
    "x".repeat(5000),
  ];
  for (const candidate of tokens) {
    expect(await verifyRequestContext(candidate, signing)).toBeNull();
  }
});
