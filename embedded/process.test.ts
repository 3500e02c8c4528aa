import type { ChildProcess } from "node:child_process";
import { statSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { join } from "node:path";

import { ConvexHttpClient } from "convex/browser";
import { beforeEach, expect, test, vi } from "vitest";
import { WebSocket } from "ws";

import { temporaryFolder } from "./storage/test-folder.ts";
import { exitOf } from "./test-announcement.ts";
import { fixtureSources, pushTo } from "./test-backend.ts";
import { notes } from "./test-functions.ts";
import { runProgram, spawnProgram, startProgram } from "./test-program.ts";

let folder: string;

beforeEach(() => void (folder = temporaryFolder()));

function start(args: readonly string[] = ["--port", "0"]) {
  return startProgram([...args, "--data", join(folder, "data")]);
}

function kill(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  const exited = exitOf(child);
  child.kill(signal);
  return exited;
}

test("every mutation acknowledged before kill -9 is there after a restart", async () => {
  const first = await start();
  await pushTo(first.url, first.adminKey, fixtureSources("notes"));
  const client = new ConvexHttpClient(first.url, { logger: false });
  const acknowledged = new Map<string, number>();
  const streams = Array.from({ length: 8 }, async (_, index) => {
    const name = `stream ${index}`;
    for (;;) acknowledged.set(name, await client.mutation(notes.increment, { name }));
  });
  const ended = Promise.allSettled(streams);
  await vi.waitFor(() => expect(acknowledged.get("stream 7") ?? 0).toBeGreaterThan(20), {
    timeout: 15_000,
  });
  await kill(first.child, "SIGKILL");
  await ended;

  const second = await start(["--port", new URL(first.url).port]);
  expect(second.adminKey).toBe(first.adminKey);
  const again = new ConvexHttpClient(second.url, { logger: false });
  for (const [name, value] of acknowledged) {
    const stored = await again.query(notes.counter, { name });
    expect(stored).toBeGreaterThanOrEqual(value);
    expect(stored).toBeLessThanOrEqual(value + 1);
  }
}, 60_000);

test("SIGTERM ends it within five seconds, with open sockets, and loses nothing", async () => {
  const { child, url, adminKey } = await start();
  await pushTo(url, adminKey, fixtureSources("notes"));
  const socket = new WebSocket(`${url.replace("http", "ws")}/api/1.48.0/sync`);
  await new Promise((resolve) => socket.once("open", resolve));
  const client = new ConvexHttpClient(url, { logger: false });
  await client.mutation(notes.increment, { name: "a" });
  const closed = new Promise<number>((resolve) => socket.once("close", resolve));
  const begun = performance.now();
  expect(await kill(child, "SIGTERM")).toBe(0);
  expect(performance.now() - begun).toBeLessThan(5_000);
  expect(await closed).toBe(1013);
  const restarted = await start();
  const again = new ConvexHttpClient(restarted.url, { logger: false });
  expect(await again.query(notes.counter, { name: "a" })).toBe(1);
}, 40_000);

test("what makes starting impossible is said in one sentence, with exit code 1", async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  const port = String((taken.address() as AddressInfo).port);
  writeFileSync(join(folder, "file"), "");
  const data = join(folder, "data");
  const cases = [
    [["--port", port, "--data", data], /^Port \d+ of 127\.0\.0\.1 is taken by another program\.$/],
    [["--port", "0", "--data", join(folder, "file", "x")], /^The data folder .* cannot be created/],
    [["--port", "0"], /^Say where the data is kept\./],
    [["--port", "x", "--data", data], /^The port must be a number/],
    [["--nonsense"], /^Unknown option/],
    [["--port", "0", "--data", data, "--public-url", "ftp://x"], /^--public-url must be/],
    [["--port", "0", "--data", data, "--host", "203.0.113.7"], /is not an address of this machine/],
  ] as const;
  const results = await Promise.all(cases.map(([args]) => runProgram(args)));
  for (const [index, { code, text }] of results.entries()) {
    expect(text).toMatch(cases[index]![1]);
    expect(text.split("\n")).toHaveLength(1);
    expect(code).toBe(1);
  }
  taken.close();
}, 60_000);

test("a second process on the same folder is turned away", async () => {
  await start();
  const second = await runProgram(["--port", "0", "--data", join(folder, "data")]);
  expect(second.code).toBe(1);
  expect(second.text.split("\n")).toHaveLength(1);
  expect(second.text).toMatch(/in use|already/i);
}, 40_000);

test("listening on all addresses without saying which one clients use is warned of", async () => {
  const open = ["--port", "0", "--host", "0.0.0.0"];
  const unsaid = await start(open);
  expect(unsaid.output.text).toContain("Clients are told of http://127.0.0.1:");
  await kill(unsaid.child, "SIGTERM");
  const said = await start([...open, "--public-url", "http://shop.example"]);
  expect(said.output.text).not.toContain("Clients are told");
}, 40_000);

test("the instance secret is readable by its owner alone", async () => {
  await start();
  const path = join(folder, "data", "instance.json");
  expect(statSync(path).mode & 0o777).toBe(0o600);
}, 30_000);

test("a socket handed over by its parent is served, and the parent's end is its own", async () => {
  const child = spawnProgram(["--port", "0", "--data", join(folder, "data")], {
    withChannel: true,
  });
  const ready = await new Promise<{ type: string; url: string; adminKey: string }>((resolve) => {
    child.once("message", (message) => resolve(message as never));
  });
  expect(ready.type).toBe("ready");
  expect(ready.url).toMatch(/^http:/);
  const web = createServer();
  web.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
    const { method, url, rawHeaders, httpVersion } = request;
    child.send(
      {
        type: "upgrade",
        id: 1,
        request: { method, url, rawHeaders, httpVersion },
        head: head.toString("base64"),
      },
      socket,
    );
    child.send({ type: "released", id: 1 });
  });
  await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
  const { port } = web.address() as AddressInfo;
  const socket = new WebSocket(`ws://127.0.0.1:${port}/api/1.48.0/sync`);
  const answer = new Promise<string>((resolve) => {
    socket.once("message", (data: Buffer) => resolve(data.toString()));
  });
  await new Promise((resolve) => socket.once("open", resolve));
  socket.send(
    JSON.stringify({ type: "ModifyQuerySet", baseVersion: 0, newVersion: 1, modifications: [] }),
  );
  expect(JSON.parse(await answer)).toMatchObject({ type: "Transition" });
  child.disconnect();
  expect(await exitOf(child)).toBe(0);
  web.close();
}, 30_000);
