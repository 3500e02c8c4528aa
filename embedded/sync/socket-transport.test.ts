import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { expect, onTestFinished, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";

import { ByteBudget } from "../lib/byte-budget.ts";
import { SocketTransport } from "./socket-transport.ts";

async function connect(): Promise<{ transport: SocketTransport; client: WebSocket }> {
  const server = createServer();
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  const accepted = new Promise<SocketTransport>((resolve) => {
    server.on("upgrade", (request, raw, head) => {
      sockets.handleUpgrade(request, raw, head, (socket) => {
        resolve(new SocketTransport(socket, raw, new ByteBudget(1e9), new ByteBudget(1e9)));
        socket.ping();
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const client = new WebSocket(`ws://127.0.0.1:${String(port)}`);
  onTestFinished(() => {
    client.terminate();
    server.close();
  });
  return { transport: await accepted, client };
}

test.for([0, 1, 125, 126, 65_535, 65_536, 200_000])(
  "a frame of %d bytes arrives as it was sent, as text and as shared bytes",
  async (length) => {
    const { transport, client } = await connect();
    const received: string[] = [];
    const both = new Promise<void>((resolve) => {
      client.on("message", (data: Buffer, isBinary) => {
        received.push(`${String(isBinary)} ${data.toString()}`);
        if (received.length === 2) resolve();
      });
    });
    const text = "é".repeat(Math.floor(length / 2)) + "x".repeat(length % 2);
    let flushed = 0;
    transport.send(text, () => (flushed += 1));
    transport.send(Buffer.from(text), () => (flushed += 1));
    await both;
    expect(received).toEqual([`false ${text}`, `false ${text}`]);
    await expect.poll(() => [flushed, transport.bufferedBytes]).toEqual([2, 0]);
  },
);

test("nothing is sent after the close frame", async () => {
  const { transport, client } = await connect();
  const closed = new Promise<number>((resolve) => client.once("close", resolve));
  const received: unknown[] = [];
  client.on("message", (data) => received.push(data));
  transport.close(1013, "TooManyConcurrentRequests");
  transport.send("late");
  await expect(closed).resolves.toBe(1013);
  expect(received).toEqual([]);
});
