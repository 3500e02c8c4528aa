import { Socket } from "node:net";

import { expect, test } from "vitest";

import { isSocket, parseUpgradeMessage } from "./socket-handover.ts";

const request = {
  method: "GET",
  url: "/api/sync",
  httpVersion: "1.1",
  rawHeaders: ["Host", "shop.test", "Sec-WebSocket-Key", "abc", "X-A", "1", "x-a", "2"],
};

test("a hand-over's headers are joined under lower-case names", () => {
  const message = { type: "upgrade", request, head: Buffer.from("early").toString("base64") };
  expect(parseUpgradeMessage(message)).toEqual({
    request: {
      method: "GET",
      url: "/api/sync",
      httpVersion: "1.1",
      headers: { host: "shop.test", "sec-websocket-key": "abc", "x-a": "1, 2" },
    },
    head: Buffer.from("early"),
  });
});

test.each([
  null,
  "upgrade",
  { type: "other" },
  { type: "upgrade" },
  { type: "upgrade", request, head: 1 },
  { type: "upgrade", request: { ...request, url: undefined }, head: "" },
  { type: "upgrade", request: { ...request, rawHeaders: "x" }, head: "" },
  { type: "upgrade", request: { ...request, rawHeaders: ["a", 1] }, head: "" },
])("the message %j is no hand-over", (message) => {
  expect(parseUpgradeMessage(message)).toBeNull();
});

test("a socket is told from what arrives when the client has left already", () => {
  expect(isSocket(new Socket())).toBe(true);
  expect(isSocket(undefined)).toBe(false);
  expect(isSocket(null)).toBe(false);
});
