import { resolve } from "node:path";
import { parseArgs } from "node:util";

import { pino } from "pino";

import { startBackend, type Backend } from "./backend.ts";
import { ConfigError } from "./config.ts";
import { createHandoverListener, type ReadyMessage } from "./http/socket-handover.ts";
import { parseTrafficLimits, type TrafficLimits } from "./lib/traffic-limits.ts";
import { endWhenAsked, endWith } from "./process-end.ts";
import { watchdogStarted } from "./runtime/watchdog.ts";

const USAGE =
  "Usage: npm run embedded -- --port 3210 --data DIR [--host 127.0.0.1] [--public-url URL] [--site-url URL] [--instance-name NAME] [--new-identity] [--production] [--trusted-proxy ADDRESS]… [--limit NAME=NUMBER]…";
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
    if (options.origin === null && /^(?:0\.0\.0\.0|::)$/.test(options.host)) {
      log.warn(`Clients are told of ${backend.url ?? "no port"}: give --public-url.`);
    }
    endWhenAsked(backend, process);
    await watching;
    process.off("message", holdSocket);
    const acceptSocket = createHandoverListener((request, socket, head) => {
      backend.acceptUpgrade(request, socket, head);
    });
    process.on("message", acceptSocket);
    for (const arrived of handedOver) acceptSocket(...arrived);
    announce(backend, options.folder);
  } catch (error) {
    endWith(error);
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
