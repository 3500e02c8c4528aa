import { Socket } from "node:net";

import { expect, test, vi } from "vitest";

import { createHandoverListener, parseUpgradeMessage } from "./socket-handover.ts";

const request = {
  method: "GET",
  url: "/api/sync",
  httpVersion: "1.1",
  rawHeaders: ["Host", "site.test", "Sec-WebSocket-Key", "abc", "X-A", "1", "x-a", "2"],
};
const forwardedFor = ["X-Forwarded-For", "198.51.100.1, 203.0.113.7"];

test("a hand-over's headers are joined under lower-case names", () => {
  const message = {
    type: "upgrade",
    id: 7,
    request,
    head: Buffer.from("early").toString("base64"),
  };
  expect(parseUpgradeMessage(message)).toEqual({
    id: 7,
    request: {
      method: "GET",
      url: "/api/sync",
      httpVersion: "1.1",
      headers: { host: "site.test", "sec-websocket-key": "abc", "x-a": "1, 2" },
      clientAddress: null,
    },
    head: Buffer.from("early"),
  });
});

test("where the client is, is what its sender added last", () => {
  const rawHeaders = [...request.rawHeaders, ...forwardedFor];
  const message = { type: "upgrade", id: 7, request: { ...request, rawHeaders }, head: "" };
  expect(parseUpgradeMessage(message)?.request.clientAddress).toBe("203.0.113.7");
});

test.each([
  null,
  "upgrade",
  { type: "other" },
  { type: "upgrade" },
  { type: "upgrade", request, head: "" },
  { type: "upgrade", id: 1, request, head: 1 },
  { type: "upgrade", id: 1, request: { ...request, url: undefined }, head: "" },
  { type: "upgrade", id: 1, request: { ...request, rawHeaders: "x" }, head: "" },
  { type: "upgrade", id: 1, request: { ...request, rawHeaders: ["a", 1] }, head: "" },
])("the message %j is no hand-over", (message) => {
  expect(parseUpgradeMessage(message)).toBeNull();
});

test("a socket is answered once its sender has let go of it, and only once", () => {
  const accept = vi.fn();
  const listen = createHandoverListener(accept);
  const socket = new Socket();
  listen({ type: "upgrade", id: 1, request, head: "" }, socket);
  expect(accept).not.toHaveBeenCalled();
  listen({ type: "released", id: 1 });
  listen({ type: "released", id: 1 });
  expect(accept).toHaveBeenCalledTimes(1);
  expect(accept).toHaveBeenCalledWith(
    expect.objectContaining({ url: "/api/sync" }),
    socket,
    Buffer.alloc(0),
  );
});

test.each([undefined, null])("a client that has left already (%j) is not answered", (handle) => {
  const accept = vi.fn();
  const listen = createHandoverListener(accept);
  listen({ type: "upgrade", id: 1, request, head: "" }, handle);
  listen({ type: "released", id: 1 });
  expect(accept).not.toHaveBeenCalled();
});
