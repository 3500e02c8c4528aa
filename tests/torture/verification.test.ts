/** That the torture would notice what it looks for: each fault is put into a round that is sound. */
import { createHash } from "node:crypto";

import { expect, test } from "vitest";

import { encodeTimestamp } from "#embedded/values/timestamp.ts";

import type { Acknowledged } from "./sync-client.ts";
import { findClockProblems, findProblems, type StoredRound } from "./verification.ts";
import { ACCOUNTS, newLedger, OPENING_BALANCE, type Ledger } from "./workload.ts";

const BYTES = "the bytes of a file";
const digestOf = (text: string) => createHash("sha256").update(text).digest("base64");
const FILE = { token: "file", sha256: digestOf(BYTES), size: BYTES.length };
const addressOf = (text: string) => `data:text/plain,${encodeURIComponent(text)}`;

/** One transfer, two entries, a file, and jobs and actions of each kind and end. */
function soundRound(): { stored: StoredRound; ledger: Ledger } {
  const entries = [
    { token: "first", bucket: 1 },
    { token: "second", bucket: 1 },
  ];
  const balances = Array.from({ length: ACCOUNTS }, () => OPENING_BALANCE);
  balances.splice(0, 2, OPENING_BALANCE - 10, OPENING_BALANCE + 10);
  const ledger: Ledger = {
    ...newLedger(),
    balances: [...balances],
    entries: [...entries],
    texts: new Map([["second", "birch cedar"]]),
    counted: new Map([["shared", [2, 1]]]),
    files: [FILE],
    jobs: [
      { token: "mutation", kind: "mutation" },
      { token: "action", kind: "action" },
      { token: "cut off", kind: "action" },
    ],
    actions: [
      { token: "answered", isKnown: true },
      { token: "unknown", isKnown: false },
    ],
  };
  const stored: StoredRound = {
    balances,
    counters: { shared: 2 },
    byToken: entries,
    byBucket: entries,
    byId: entries.map(({ token }) => token),
    texts: { first: "amber birch", second: "birch cedar" },
    found: { amber: ["first"], birch: ["first", "second"], cedar: ["second"], delta: [] },
    tallies: [{ bucket: 1, count: 2 }],
    files: [{ ...FILE, url: addressOf(BYTES) }],
    marks: ["mutation", "action", "answered"],
    jobs: [
      { token: "mutation", kind: "mutation", state: "success" },
      { token: "action", kind: "action", state: "success" },
      { token: "cut off", kind: "action", state: "failed" },
    ],
  };
  return { stored, ledger };
}

test("a round in which everything happened as it was acknowledged has no problems", async () => {
  const { stored, ledger } = soundRound();
  expect(await findProblems(stored, ledger)).toEqual([]);
  const late = { ...stored, marks: [...stored.marks, "cut off", "unknown"] };
  expect(await findProblems(late, ledger)).toEqual([]);
});

type Fault = (stored: StoredRound) => Partial<StoredRound>;

const FAULTS: Readonly<Record<string, Fault>> = {
  "a transfer that took and did not give": ({ balances }) => ({
    balances: balances.with(1, OPENING_BALANCE),
  }),
  "a transfer that is lost": ({ balances }) => ({
    balances: balances.map(() => OPENING_BALANCE),
  }),
  "an entry that is lost with all that belongs to it": ({ byToken, byId }) => ({
    counters: { shared: 1 },
    byToken: byToken.slice(1),
    byBucket: byToken.slice(1),
    byId: byId.slice(1),
    tallies: [{ bucket: 1, count: 1 }],
  }),
  "an entry twice": ({ byToken, byId }) => ({
    byToken: [...byToken, byToken[0]!],
    byBucket: [...byToken, byToken[0]!],
    byId: [...byId, byId[0]!],
    tallies: [{ bucket: 1, count: 3 }],
  }),
  "an entry that one index lacks": ({ byBucket }) => ({ byBucket: byBucket.slice(1) }),
  "an index entry without a row": ({ byId }) => ({ byId: byId.with(0, "missing") }),
  "an entry that a search does not find": ({ found }) => ({ found: { ...found, amber: [] } }),
  "an entry that a search still finds by its old words": ({ found }) => ({
    found: { ...found, delta: ["second"] },
  }),
  "an entry that a search finds twice": ({ found }) => ({
    found: { ...found, amber: ["first", "first"] },
  }),
  "an entry that nobody searched for": ({ found: { birch, cedar } }) => ({
    found: { birch: birch!, cedar: cedar! },
  }),
  "a new text that is lost": ({ texts, found }) => ({
    texts: { ...texts, second: "birch delta" },
    found: { ...found, cedar: [], delta: ["second"] },
  }),
  "an entry without its tally": () => ({ tallies: [{ bucket: 1, count: 1 }] }),
  "an increment that happened twice": () => ({ counters: { shared: 3 } }),
  "an increment that is lost": () => ({ counters: { shared: 1 } }),
  "a counter nobody asked for": ({ counters }) => ({ counters: { ...counters, other: 1 } }),
  "a file whose row is lost": () => ({ files: [] }),
  "a file whose bytes are lost": ({ files }) => ({ files: [{ ...files[0]!, url: null }] }),
  "a file whose bytes are torn": ({ files }) => ({
    files: [{ ...files[0]!, url: addressOf(BYTES.slice(1)) }],
  }),
  "a scheduled mutation that ran twice": ({ marks }) => ({ marks: [...marks, "mutation"] }),
  "a scheduled mutation that never ran": ({ marks }) => ({ marks: marks.slice(1) }),
  "a scheduled mutation that waits for ever": ({ jobs }) => ({
    jobs: jobs.with(0, { ...jobs[0]!, state: "pending" }),
  }),
  "a scheduled mutation that failed": ({ jobs, marks }) => ({
    jobs: jobs.with(0, { ...jobs[0]!, state: "failed" }),
    marks: marks.slice(1),
  }),
  "a scheduled action that ran twice": ({ marks }) => ({ marks: [...marks, "action"] }),
  "an action that was cut off and ran again": ({ marks }) => ({
    marks: [...marks, "cut off", "cut off"],
  }),
  "a job that is lost": ({ jobs, marks }) => ({ jobs: jobs.slice(1), marks: marks.slice(1) }),
  "an action that was answered and did not happen": ({ marks }) => ({
    marks: marks.filter((mark) => mark !== "answered"),
  }),
  "an action that happened twice": ({ marks }) => ({ marks: [...marks, "unknown", "unknown"] }),
};

test.each(Object.entries(FAULTS))("%s is a problem", async (_, fault) => {
  const { stored, ledger } = soundRound();
  expect(await findProblems({ ...stored, ...fault(stored) }, ledger)).not.toEqual([]);
});

test("commits that share a timestamp, or that their client was never shown, are problems", () => {
  const at = (...times: bigint[]) =>
    times.map((ts): Acknowledged => {
      return { requestId: Number(ts), path: "", args: {}, result: "", ts: encodeTimestamp(ts) };
    });
  expect(findClockProblems({ acknowledged: at(1n, 2n), observedTs: 2n })).toEqual([]);
  expect(findClockProblems({ acknowledged: at(1n, 1n), observedTs: 2n })).toHaveLength(1);
  expect(findClockProblems({ acknowledged: at(1n, 3n), observedTs: 2n })).toHaveLength(1);
});
