import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";

import { announcementOf, exitOf } from "#embedded/test-announcement.ts";

interface Started {
  readonly child: ChildProcess;
  readonly data: string;
  readonly url: string;
}

const DIRECTLY = [process.execPath, "--import", "tsx", "scripts/embedded.ts"] as const;
const THROUGH_NPM = ["npm", "run", "--silent", "embedded", "--"] as const;

async function start(command: readonly string[], data: string): Promise<Started> {
  const [file = "", ...args] = command;
  const child = spawn(file, [...args, "--port", "0", "--data", data], {
    stdio: ["ignore", "pipe", "inherit"],
    // A group of its own, so that nothing is left when the test fails.
    detached: true,
  });
  onTestFinished(() => {
    try {
      process.kill(-(child.pid ?? 0), "SIGKILL");
    } catch {
      // Nothing is left.
    }
  });
  return { child, data, url: (await announcementOf(child)).url };
}

function temporaryData(): string {
  const folder = mkdtempSync(join(tmpdir(), "vitrine-embedded-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "data");
}

/** Connects; `closed` resolves to the reason with which the deployment sends the client away. */
async function connect({ url }: Started): Promise<{ readonly closed: Promise<number> }> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/api/1.48.0/sync`);
  await new Promise((resolve) => socket.once("open", resolve));
  return { closed: new Promise((resolve) => socket.once("close", resolve)) };
}

test.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)(
  "%s ends the backend in order, with exit code 0",
  async (signal) => {
    const started = await start(DIRECTLY, temporaryData());
    const { closed } = await connect(started);
    const exited = exitOf(started.child);
    started.child.kill(signal);
    expect([await closed, await exited]).toEqual([1013, 0]);
  },
  60_000,
);

test("Ctrl-C, which reaches every process of the terminal, ends it in order", async () => {
  const started = await start(DIRECTLY, temporaryData());
  const { closed } = await connect(started);
  const exited = exitOf(started.child);
  process.kill(-(started.child.pid ?? 0), "SIGINT");
  expect([await closed, await exited]).toEqual([1013, 0]);
}, 60_000);

test("a launcher that was killed takes the backend with it, in order, and frees the data folder", async () => {
  const started = await start(DIRECTLY, temporaryData());
  const { closed } = await connect(started);
  // The backend holds its standard output, too.
  const ended = new Promise((resolve) => started.child.stdout?.once("close", resolve));
  started.child.kill("SIGKILL");
  expect(await closed).toBe(1013);
  await ended;
  expect((await start(DIRECTLY, started.data)).url).toMatch(/^http:/);
}, 60_000);

test("SIGTERM at npm alone ends the backend in order, and frees the data folder", async () => {
  const started = await start(THROUGH_NPM, temporaryData());
  const { closed } = await connect(started);
  // Every process that npm started holds its standard output.
  const ended = new Promise((resolve) => started.child.stdout?.once("close", resolve));
  started.child.kill("SIGTERM");
  expect(await closed).toBe(1013);
  await ended;
  expect((await start(DIRECTLY, started.data)).url).toMatch(/^http:/);
}, 60_000);
