import type { Rate } from "./token-buckets.ts";

/**
 * How much one address, one signed-in identity and all callers together may ask of a deployment.
 * Callers on the machine itself (loopback addresses without a forwarded one: the web server, tools,
 * benchmarks) are trusted and have no limits per address; `loopback: 1` treats them like others.
 */
export interface TrafficLimits {
  /** 1 limits callers on this machine as well. */
  readonly loopback: number;
  /** Sync sockets open at a time, of one address and in all. */
  readonly socketsPerAddress: number;
  readonly sockets: number;
  /** TCP connections open at a time, of one address. */
  readonly connectionsPerAddress: number;
  /** Sockets opened, and HTTP requests, each second. */
  readonly connectsPerSecond: number;
  readonly requestsPerSecond: number;
  /** Frames on sync sockets; each added query counts as one more. */
  readonly messagesPerSecond: number;
  /** Mutations and actions, over sockets and HTTP. */
  readonly callsPerSecond: number;
  readonly callsPerSecondOfIdentity: number;
  /** Wrong admin keys and refused tokens. */
  readonly refusalsPerSecond: number;
  /** Functions that run at a time, as on Convex's S16 class, and how many may wait for a turn. */
  readonly queries: number;
  readonly mutations: number;
  readonly actions: number;
  readonly waitingCalls: number;
  /** The part of the actions and of the waiting calls that one caller may take. */
  readonly shareOfOne: number;
  /** Bytes of one sync socket that its client has not read yet, and of all sockets together. */
  readonly unreadBytesPerSocket: number;
  readonly unreadBytes: number;
  /** Bytes of arguments of the queries that one socket watches, and of their results. */
  readonly watchedArgumentBytes: number;
  readonly watchedResultBytes: number;
  readonly watchedQueries: number;
  /** Bytes received of frames that are not complete yet, of all sockets together. */
  readonly incompleteBytes: number;
}

const MB = 1024 * 1024;

export const DEFAULT_TRAFFIC_LIMITS: TrafficLimits = {
  loopback: 0,
  socketsPerAddress: 1_000,
  sockets: 20_000,
  connectionsPerAddress: 2_000,
  connectsPerSecond: 50,
  requestsPerSecond: 500,
  messagesPerSecond: 500,
  callsPerSecond: 200,
  callsPerSecondOfIdentity: 100,
  refusalsPerSecond: 2,
  queries: 16,
  mutations: 16,
  actions: 64,
  waitingCalls: 2_000,
  shareOfOne: 0.5,
  unreadBytesPerSocket: 64 * MB,
  unreadBytes: 256 * MB,
  watchedArgumentBytes: 16 * MB,
  watchedResultBytes: 128 * MB,
  watchedQueries: 5_000,
  incompleteBytes: 256 * MB,
};

/** What is allowed each second may come ten seconds' worth at once. */
const BURST_SECONDS = 10;

export function rateOf(perSecond: number): Rate {
  return { perSecond, burst: perSecond * BURST_SECONDS };
}

/**
 * Reads settings such as `callsPerSecond=50`.
 * @throws Error with a sentence that names the setting that is unknown or no positive number.
 */
export function parseTrafficLimits(settings: readonly string[]): TrafficLimits {
  const limits = new Map(Object.entries(DEFAULT_TRAFFIC_LIMITS));
  for (const setting of settings) {
    const [name = "", text = ""] = setting.split("=", 2);
    if (!limits.has(name)) {
      throw new Error(`"${name}" is no limit; there are ${[...limits.keys()].join(", ")}.`);
    }
    const value = Number(text);
    const isUsable = text.trim() !== "" && Number.isFinite(value) && value >= 0;
    if (!isUsable || (value === 0 && name !== "loopback")) {
      throw new Error(`The limit ${name} must be a positive number, not "${text}".`);
    }
    limits.set(name, value);
  }
  return { ...DEFAULT_TRAFFIC_LIMITS, ...Object.fromEntries(limits) };
}
