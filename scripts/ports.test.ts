import { createServer, type Server } from "node:net";

import { expect, test, vi } from "vitest";

import { freePort } from "./ports.ts";

const offered = vi.hoisted(() => ({ ports: [] as number[] }));

vi.mock("node:net", async (importOriginal) => {
  const original = await importOriginal<typeof import("node:net")>();
  return {
    ...original,
    createServer: (): Server => {
      const server = original.createServer();
      const next = offered.ports.shift();
      if (next !== undefined) server.address = () => ({ port: next, address: "", family: "IPv4" });
      return server;
    },
  };
});

test("a free port is none that is promised to a program that listens later", async () => {
  offered.ports = [3001, 3002, 3005];
  expect(await freePort("127.0.0.1", [3000, 3001, 3002])).toBe(3005);
});

test("a free port can be listened on", async () => {
  const port = await freePort("127.0.0.1", []);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  server.close();
});
