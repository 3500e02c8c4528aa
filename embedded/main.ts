import { resolve } from "node:path";
import { parseArgs } from "node:util";

import { pino } from "pino";

import { startBackend, type Backend } from "./backend.ts";
import { ConfigError } from "./config.ts";
import { createHandoverListener, type ReadyMessage } from "./http/socket-handover.ts";
import { parseTrafficLimits, type TrafficLimits } from "./lib/traffic-limits.ts";
import { exitWithin, heldUpMs, watchdogStarted } from "./runtime/watchdog.ts";
import { DataDamagedError, DataFolderError, StorageStoppedError } from "./storage/storage-error.ts";

const USAGE =
  "Usage: npm run embedded -- --port 3210 --data DIR [--host 127.0.0.1] [--public-url URL] [--site-url URL] [--new-identity] [--production] [--trusted-proxy ADDRESS]… [--limit NAME=NUMBER]…";
const STOP_TIMEOUT_MS = 4_800;
/** For how long a function keeps signals waiting; for longer only where others have the processor. */
const MAX_LATE_MS = 1_500;
/** How much later the process ends all the same, whatever its main thread is busy with. */
const STOP_EXTRA_MS = 100;
/** `EX_DATAERR` of sysexits.h: starting again does not help. */
const EXIT_DAMAGED = 65;
/** A parent that hands over sockets is a proxy on this machine for everything else. */
const PARENT_ADDRESSES = ["127.0.0.1", "::1"];

// Functions on Convex see UTC; the realm takes the process's zone.
process.env["TZ"] = "UTC";
await main();

/**
 * A Convex deployment as a program of its own. Prints its URL and admin key; with an IPC channel it
 * tells its parent instead that it is ready, and takes the sockets that the parent hands over.
 */
async function main(): Promise<void> {
  const log = pino({ base: null }, pino.destination({ dest: 2, sync: true }));
  const handedOver: unknown[][] = [];
  const holdSocket = (...arrived: unknown[]) => void handedOver.push(arrived);
  process.on("message", holdSocket);
  try {
    const options = parseOptions(process.argv.slice(2));
    const watching = watchdogStarted();
    const backend = await startBackend({ ...options, log });
    endWhenAsked(backend);
    await watching;
    process.off("message", holdSocket);
    const acceptSocket = createHandoverListener((request, socket, head) => {
      backend.acceptUpgrade(request, socket, head);
    });
    process.on("message", acceptSocket);
    for (const arrived of handedOver) acceptSocket(...arrived);
    announce(backend, options.folder);
  } catch (error) {
    fail(error);
  }
}

function parseOptions(args: readonly string[]) {
  const { values } = parse(args);
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new ConfigError(`The port must be a number from 0 to 65535, not "${values.port}".`);
  }
  if (values.data === undefined) throw new ConfigError(`Say where the data is kept. ${USAGE}`);
  return {
    folder: resolve(values.data),
    host: values.host,
    port,
    origin: parseUrl(values["public-url"], "--public-url"),
    siteUrl: parseUrl(values["site-url"], "--site-url"),
    instanceName: values["instance-name"] ?? null,
    makesNewIdentity: values["new-identity"] === true,
    exposesDetails: values.production !== true,
    limits: parseLimits(values.limit ?? []),
    trustedProxies: [
      ...(values["trusted-proxy"] ?? []),
      ...(process.send === undefined ? [] : PARENT_ADDRESSES),
    ],
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        port: { type: "string", default: "3210" },
        host: { type: "string", default: "127.0.0.1" },
        data: { type: "string" },
        "public-url": { type: "string" },
        "site-url": { type: "string" },
        "instance-name": { type: "string" },
        "new-identity": { type: "boolean" },
        production: { type: "boolean" },
        "trusted-proxy": { type: "string", multiple: true },
        limit: { type: "string", multiple: true },
      },
    });
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(`${problem} ${USAGE}`);
  }
}

/** Limits of the environment first, such as `EMBEDDED_LIMITS="sockets=500,queries=8"`. */
function parseLimits(options: readonly string[]): TrafficLimits {
  const fromEnvironment = (process.env["EMBEDDED_LIMITS"] ?? "").split(/[,\s]+/).filter(Boolean);
  try {
    return parseTrafficLimits([...fromEnvironment, ...options]);
  } catch (cause) {
    throw new ConfigError(cause instanceof Error ? cause.message : String(cause));
  }
}

function parseUrl(text: string | undefined, option: string): string | null {
  if (text === undefined) return null;
  if (!/^https?:\/\/[^/\s]+/.test(text) || !URL.canParse(text)) {
    throw new ConfigError(`${option} must be an http or https address, not "${text}".`);
  }
  return text.replace(/\/+$/, "");
}

function announce({ url, adminKey }: Backend, folder: string): void {
  if (process.send !== undefined) {
    const ready: ReadyMessage = { type: "ready", url: url ?? "", adminKey };
    process.send(ready);
    return;
  }
  console.log(`Convex deployment at ${url ?? "no port"}, data in ${folder}`);
  console.log(`Admin key: ${adminKey}`);
}

/** On a signal, without its parent, and when the data folder failed. */
function endWhenAsked(backend: Backend): void {
  let isStopping = false;
  const stop = (exitCode: number) => {
    if (isStopping) return;
    isStopping = true;
    // A function that computes keeps signals waiting, too.
    const lateMs = Math.min(heldUpMs(), MAX_LATE_MS);
    const onTimeout = () => process.exit(exitCode === 0 ? 1 : exitCode);
    setTimeout(onTimeout, STOP_TIMEOUT_MS - lateMs).unref();
    exitWithin(STOP_TIMEOUT_MS + STOP_EXTRA_MS - lateMs);
    void backend.close(lateMs).then(
      () => process.exit(exitCode),
      (error: unknown) => fail(error),
    );
  };
  // Not `once`: a second one, as from a terminal and a parent, must not cut off the first's work.
  process.on("SIGTERM", () => stop(0));
  // Without its parent nobody would hand it sockets or end it.
  process.once("disconnect", () => stop(0));
  void backend.failed.then((error) => {
    console.error(describe(error));
    // Those who wait are told that it failed, instead of nothing.
    stop(exitCodeOf(error));
  });
}

function fail(error: unknown): never {
  console.error(describe(error));
  process.exit(exitCodeOf(error));
}

function exitCodeOf(error: unknown): number {
  const isDamaged =
    error instanceof DataDamagedError ||
    (error instanceof DataFolderError && error.code === "Damaged");
  return isDamaged ? EXIT_DAMAGED : 1;
}

function describe(error: unknown): string {
  if (
    error instanceof ConfigError ||
    error instanceof DataFolderError ||
    error instanceof StorageStoppedError
  ) {
    return error.message;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
