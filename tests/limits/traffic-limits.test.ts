/** Which test shows each limit of traffic of docs/limits.md; nothing here runs them. */
import { readFileSync } from "node:fs";

import { expect, test } from "vitest";

import { DEFAULT_TRAFFIC_LIMITS, type TrafficLimits } from "#embedded/lib/traffic-limits.ts";

const CONTROL = "embedded/lib/traffic-control.test.ts";
const HOSTILE = "embedded/hostile-clients.test.ts";
const SESSION = "embedded/sync/session.test.ts";
const SLOW = "embedded/sync/slow-clients.test.ts";
const GATES = "embedded/function-gates.test.ts";

const TURNS = "sixteen %s have a turn, as many wait as may, and the others are told to come back";
const SOCKETS =
  "an address opens a bounded number of sockets, and a flood of messages ends its own";
const SHED = "requests, wrong keys and calls of one address are shed with 429";

/** The file and the title of a test. */
const SHOWN: Readonly<Record<keyof TrafficLimits, readonly [file: string, title: string]>> = {
  loopback: [CONTROL, "callers on the machine itself are not limited, unless that is asked for"],
  socketsPerAddress: [HOSTILE, SOCKETS],
  sockets: [CONTROL, "an address has a number of sockets, and one more when one is gone"],
  connectionsPerAddress: [
    "embedded/http/request-body.test.ts",
    "one address keeps a bounded number of connections open",
  ],
  connectsPerSecond: [
    CONTROL,
    "each kind of traffic of an address is limited by itself, and other addresses are not affected",
  ],
  requestsPerSecond: [HOSTILE, SHED],
  messagesPerSecond: [HOSTILE, SOCKETS],
  callsPerSecond: [HOSTILE, SHED],
  callsPerSecondOfIdentity: [
    SESSION,
    "calls of an identity count against it, from whatever address",
  ],
  refusalsPerSecond: [HOSTILE, SHED],
  queries: [GATES, TURNS],
  mutations: [GATES, TURNS],
  actions: [
    "embedded/functions/admission.test.ts",
    "actions that hang take the share of their address; others, and nested ones, go on",
  ],
  waitingCalls: [GATES, TURNS],
  shareOfOne: [
    GATES,
    "one address has two turns and half the places of those who wait; others go on",
  ],
  unreadBytesPerSocket: [
    SESSION,
    "a client that leaves more unread than it may is sent away, to come back for it",
  ],
  unreadBytes: [
    SLOW,
    "when clients together leave too much unread, those who left most are sent away",
  ],
  watchedArgumentBytes: [SESSION, "watchedArgumentBytes=4000"],
  watchedResultBytes: [SESSION, "one socket watches a bounded number of bytes of results"],
  watchedQueries: [SESSION, "watchedQueries=3"],
  incompleteBytes: [
    SLOW,
    "frames that are begun and not finished are bounded for all sockets together",
  ],
};

test.for(Object.keys(DEFAULT_TRAFFIC_LIMITS))("a test shows the limit of %s", (name) => {
  const [file, title] = Object.entries(SHOWN).find(([shown]) => shown === name)?.[1] ?? ["", ""];
  expect(title).not.toBe("");
  expect(readFileSync(file, "utf8")).toContain(title);
});
