import { createServer, type Server } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";

import { afterEach, expect, test } from "vitest";

import { sendText } from "./replies.ts";
import { UnreadResponses } from "./unread-responses.ts";

const MB = 2 ** 20;
const servers: Server[] = [];
const sockets: Socket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A server whose responses are as long as the path says, in megabytes. */
async function serve(unread: UnreadResponses) {
  let answered = 0;
  const server = createServer((request, response) => {
    sendText(response, "x".repeat(Number(request.url?.slice(1)) * MB));
    unread.add(response);
    answered += 1;
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return async (megabytes: number) => {
    const socket = connect(port, "127.0.0.1");
    sockets.push(socket);
    socket.on("error", () => undefined);
    socket.pause();
    socket.write(`GET /${megabytes} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    for (const before = answered; answered === before;) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    return {
      /** Reads until the connection ends; resolves to whether the response was whole. */
      read: () =>
        new Promise<boolean>((resolve) => {
          socket.once("close", () => resolve(socket.bytesRead > megabytes * MB));
          socket.resume();
        }),
    };
  };
}

test("what clients leave unread is bounded: the largest response is given up, others are not", async () => {
  const ask = await serve(new UnreadResponses(40 * MB));
  const large = await ask(30);
  const small = await ask(12);
  expect(await large.read()).toBe(false);
  expect(await small.read()).toBe(true);
  expect(await (await ask(30)).read()).toBe(true);
});

test("a response that its client stops reading is given up in time", async () => {
  const stalled = new UnreadResponses(100 * MB, 100);
  const ask = await serve(stalled);
  const response = await ask(30);
  while (stalled.size > 0) await new Promise((resolve) => setImmediate(resolve));
  expect(await response.read()).toBe(false);
});
