import { expect, test } from "vitest";

import { clientAddress, networkOf } from "./client-address.ts";
import { TokenBuckets } from "./token-buckets.ts";
import { createTrafficControl } from "./traffic-control.ts";
import { DEFAULT_TRAFFIC_LIMITS, parseTrafficLimits } from "./traffic-limits.ts";

const STRANGER = "203.0.113.7";

function control(settings: readonly string[] = []) {
  return createTrafficControl(parseTrafficLimits(settings));
}

/** How often something may be done before it is refused. */
function allowed(act: () => void, most = 100_000): number {
  for (let times = 0; times < most; times += 1) {
    try {
      act();
    } catch (error) {
      expect(error).toMatchObject({ kind: "rateLimited", code: "TooManyConcurrentRequests" });
      return times;
    }
  }
  return most;
}

test("a bucket gives its burst at once and its rate afterwards, to each key by itself", () => {
  let now = 0;
  const buckets = new TokenBuckets({ perSecond: 10, burst: 20 }, () => now);
  const taken = (key: string) => {
    let count = 0;
    while (buckets.take(key)) count += 1;
    return count;
  };
  expect(taken("a")).toBe(20);
  expect(taken("b")).toBe(20);
  now += 500;
  expect(buckets.has("a")).toBe(true);
  expect(taken("a")).toBe(5);
  expect(buckets.has("a")).toBe(false);
  now += 60_000;
  expect(taken("a")).toBe(20);
});

test("keys that have their tokens back are forgotten", () => {
  let now = 0;
  const buckets = new TokenBuckets({ perSecond: 10, burst: 20 }, () => now);
  for (let key = 0; key < 1_000; key += 1) {
    buckets.take(`${key}`);
    now += 100;
  }
  expect(buckets.size).toBeLessThan(10);
});

test("each kind of traffic of an address is limited by itself, and other addresses are not affected", () => {
  const traffic = control(["requestsPerSecond=1", "messagesPerSecond=2", "callsPerSecond=3"]);
  const greedy = traffic.from(STRANGER);
  expect(allowed(() => greedy.request())).toBe(10);
  expect(allowed(() => greedy.messages(1))).toBe(20);
  expect(allowed(() => greedy.call(null))).toBe(30);
  expect(allowed(() => traffic.from("203.0.113.8").request())).toBe(10);
});

test("an identity is limited whatever address it calls from", () => {
  const traffic = control(["callsPerSecondOfIdentity=1"]);
  let address = 0;
  const act = () => traffic.from(`198.51.100.${(address += 1)}`).call("issuer|ada");
  expect(allowed(act, 200)).toBe(10);
  traffic.from(STRANGER).call("issuer|bob");
});

test("wrong credentials close the door for an address until some time has passed", () => {
  const traffic = control(["refusalsPerSecond=1"]);
  const guesser = traffic.from(STRANGER);
  const guess = () => {
    guesser.mayAuthenticate();
    guesser.refused();
  };
  expect(allowed(guess)).toBe(10);
  traffic.from("203.0.113.8").mayAuthenticate();
});

test("an address has a number of sockets, and one more when one is gone", () => {
  const traffic = control(["socketsPerAddress=2", "sockets=3"]);
  const first = traffic.from(STRANGER).openSocket();
  expect(traffic.from(STRANGER).openSocket()).not.toBeNull();
  expect(traffic.from(STRANGER).openSocket()).toBeNull();
  expect(traffic.from("203.0.113.8").openSocket()).not.toBeNull();
  expect(traffic.from("203.0.113.9").openSocket()).toBeNull();
  first?.();
  expect(traffic.from(STRANGER).openSocket()).not.toBeNull();
});

test("callers on the machine itself are not limited, unless that is asked for", () => {
  const settings = ["requestsPerSecond=1", "callsPerSecond=1", "connectsPerSecond=1"];
  for (const address of ["127.0.0.1", "::1", null]) {
    const local = control(settings).from(address);
    expect(allowed(() => local.request(), 1_000)).toBe(1_000);
    expect(Array.from({ length: 1_000 }, () => local.openSocket())).not.toContain(null);
  }
  const limited = control([...settings, "loopback=1"]).from("127.0.0.1");
  expect(allowed(() => limited.request(), 1_000)).toBe(10);
  expect(control().keysOf("127.0.0.1", null)).toEqual([]);
  expect(control().keysOf(STRANGER, "ada")).toEqual([`address ${STRANGER}`, "identity ada"]);
});

test("an IPv6 network counts as one address", () => {
  expect(networkOf("2001:db8:1:2:3:4:5:6")).toBe("2001:db8:1:2::/64");
  expect(networkOf("2001:0db8:0001:0002::9")).toBe("2001:db8:1:2::/64");
  expect(networkOf("2001:db8::1")).toBe("2001:db8:0:0::/64");
  expect(networkOf("::1")).toBe("0:0:0:0::/64");
  expect(networkOf("fe80::1%eth0")).toBe("fe80:0:0:0::/64");
  expect(networkOf("203.0.113.7")).toBe("203.0.113.7");
});

test("a forwarded address counts only from a trusted proxy, and only its own entry", () => {
  const headers = { "x-forwarded-for": "1.1.1.1, 2.2.2.2" };
  const trusts = (address: string) => address === "127.0.0.1";
  expect(clientAddress(headers, "203.0.113.7", trusts)).toBe("203.0.113.7");
  expect(clientAddress(headers, "::ffff:127.0.0.1", trusts)).toBe("2.2.2.2");
  expect(clientAddress({}, "127.0.0.1", trusts)).toBe("127.0.0.1");
  expect(clientAddress(headers, "127.0.0.1", () => false)).toBe("127.0.0.1");
});

test("limits are read by name, and what is none is named", () => {
  expect(parseTrafficLimits([])).toEqual(DEFAULT_TRAFFIC_LIMITS);
  expect(parseTrafficLimits(["sockets=5", "shareOfOne=0.1"])).toMatchObject({
    sockets: 5,
    shareOfOne: 0.1,
  });
  expect(() => parseTrafficLimits(["nonsense=1"])).toThrow(/"nonsense" is no limit; there are/);
  for (const text of ["sockets=0", "sockets=", "sockets=x", "sockets=-1"]) {
    expect(() => parseTrafficLimits([text])).toThrow(/sockets must be a positive number/);
  }
});
