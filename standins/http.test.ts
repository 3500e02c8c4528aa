import { request } from "node:http";

import { expect, onTestFinished, test } from "vitest";

import { listen } from "./http.ts";

test("a name that is not this machine's is refused, and so is a large body", async () => {
  const server = await start();

  expect(await statusOf(server.port, { host: "evil.example" })).toBe(421);
  expect(await statusOf(server.port, { host: `localhost:${server.port}` })).toBe(200);
  expect(await statusOf(server.port, {}, "x".repeat(101))).toBe(413);
});

test("a failing handler answers 500 and the server goes on", async () => {
  const logged: string[] = [];
  const server = await start((line) => logged.push(line));

  expect((await fetch(`${server.url}/fail`)).status).toBe(500);
  expect(logged.join()).toContain("on purpose");
  expect((await fetch(server.url)).status).toBe(200);
});

test("only loopback addresses are listened on", async () => {
  const options = { port: 0, maxBodyBytes: 100, log: () => undefined };

  await expect(listen({ ...options, host: "0.0.0.0" }, () => ({ status: 200 }))).rejects.toThrow(
    "loopback",
  );
});

async function start(log: (line: string) => void = () => undefined) {
  const options = { port: 0, host: "127.0.0.1", maxBodyBytes: 100, log };
  const server = await listen(options, ({ path }) => {
    if (path === "/fail") throw new Error("on purpose");
    return { status: 200 };
  });
  onTestFinished(() => server.close());
  return server;
}

function statusOf(port: number, headers: Record<string, string>, body = ""): Promise<number> {
  return new Promise((resolve, reject) => {
    const call = request({ port, host: "127.0.0.1", method: "POST", headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    call.on("error", reject);
    call.end(body);
  });
}
