/** What the bench asks of its child processes, and their answers. */
import type { PageChange, PageRequest } from "./page-requests.ts";
import type { CallPlan } from "./requests.ts";

export interface HttpLoad {
  readonly task: "http";
  readonly port: number;
  readonly callers: number;
  readonly warmUpMs: number;
  readonly durationMs: number;
  readonly plan: CallPlan;
  /** Talks to the echo server, whose answers are not looked at. */
  readonly isControl: boolean;
}

export interface HttpFigures {
  readonly calls: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** One answer's body. */
  readonly sample: string;
}

export interface FanoutLoad {
  readonly task: "fanout";
  /** `convex` speaks the sync protocol, `bare` counts broadcast frames. */
  readonly server: "convex" | "bare";
  readonly port: number;
  /** The server's process. */
  readonly pid: number;
  readonly watchers: number;
  readonly changes: number;
  readonly productId: string;
}

export interface FanoutFigures {
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Processor time that the server used for each change, in microseconds. */
  readonly processorUs: number;
  /** What a watcher received last. */
  readonly frame: string;
}

/** Pages of the shop, each of them once. */
export interface PageLoad {
  readonly task: "pages";
  readonly port: number;
  readonly callers: number;
  /** Ends then, or with the last request. */
  readonly durationMs: number;
  readonly requests: readonly PageRequest[];
  /** Of a customer who is signed in; `null` for visitors. */
  readonly cookie: string | null;
  /** Made before each page. */
  readonly change: PageChange | null;
}

export interface PageFigures {
  /** Of each page, in milliseconds. */
  readonly latencies: readonly number[];
  readonly elapsedMs: number;
  /** Of all pages together. */
  readonly bytes: number;
}

export interface EchoControl {
  readonly task: "echo";
  readonly answer: string;
}

export interface BroadcastControl {
  readonly task: "broadcast";
  readonly frame: string;
}

export interface LmdbControl {
  readonly task: "lmdb";
  readonly folder: string;
  readonly isDurable: boolean;
  readonly callers: number;
  readonly durationMs: number;
  /** What one caller puts at a time. */
  readonly put: PutSize;
  /** What is put besides for all who reach the disk together. */
  readonly batchPut: PutSize;
}

export interface PutSize {
  readonly keyBytes: number;
  readonly valueBytes: number;
}

export interface LmdbFigures {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export type LoadTask = HttpLoad | FanoutLoad | PageLoad;
export type ControlTask = EchoControl | BroadcastControl | LmdbControl;

/** The n-th percentile of numbers, which are sorted in place. */
export function percentile(numbers: number[], share: number): number {
  numbers.sort((left, right) => left - right);
  return numbers[Math.min(numbers.length - 1, Math.floor(numbers.length * share))] ?? NaN;
}
