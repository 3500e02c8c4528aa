/** Which test shows each limit of traffic of docs/limits.md, through a running deployment's doors. */
import { readFileSync } from "node:fs";

import { expect, test } from "vitest";

import { DEFAULT_TRAFFIC_LIMITS, type TrafficLimits } from "#embedded/lib/traffic-limits.ts";

const DOORS = "tests/limits/traffic-doors.test.ts";
const HOSTILE = "embedded/hostile-clients.test.ts";
const GATES = "embedded/function-gates.test.ts";

const TURNS = "sixteen %s have a turn, as many wait as may, and the others are told to come back";
const SOCKETS =
  "an address opens a bounded number of sockets, and a flood of messages ends its own";
const SHED = "requests, wrong keys and calls of one address are shed with 429";

/** The file and the title of a test. */
const SHOWN: Readonly<Record<keyof TrafficLimits, readonly [file: string, title: string]>> = {
  loopback: [DOORS, "callers on this machine are limited only when that is asked for"],
  socketsPerAddress: [HOSTILE, SOCKETS],
  sockets: [DOORS, "so many sockets are open in all, and one more when one is gone"],
  connectionsPerAddress: [DOORS, "an address keeps so many connections open"],
  connectsPerSecond: [DOORS, "an address opens so many sockets in a second, another one as many"],
  requestsPerSecond: [HOSTILE, SHED],
  messagesPerSecond: [HOSTILE, SOCKETS],
  callsPerSecond: [HOSTILE, SHED],
  callsPerSecondOfIdentity: [
    DOORS,
    "an identity makes so many calls, whatever addresses they come from",
  ],
  refusalsPerSecond: [HOSTILE, SHED],
  queries: [GATES, TURNS],
  mutations: [GATES, TURNS],
  actions: [DOORS, "so many actions run, one of each of two addresses, and as many wait"],
  waitingCalls: [GATES, TURNS],
  shareOfOne: [
    GATES,
    "one address has two turns and half the places of those who wait; others go on",
  ],
  unreadBytesPerSocket: [DOORS, "a client that leaves more unread than a socket may is sent away"],
  unreadBytes: [
    DOORS,
    "when clients leave too much unread together, some are sent away and others stay",
  ],
  watchedArgumentBytes: [DOORS, "a socket watches queries with so many bytes of arguments"],
  watchedResultBytes: [DOORS, "a socket watches queries with so many bytes of results"],
  watchedQueries: [
    DOORS,
    "a socket watches so many queries, and others in place of those it gives up",
  ],
  incompleteBytes: [DOORS, "frames that are begun and not finished are bounded in all"],
};

test.for(Object.keys(DEFAULT_TRAFFIC_LIMITS))("a test shows the limit of %s", (name) => {
  const [file, title] = Object.entries(SHOWN).find(([shown]) => shown === name)?.[1] ?? ["", ""];
  expect(title).not.toBe("");
  expect(readFileSync(file, "utf8")).toContain(title);
});
