import { createHash } from "node:crypto";

import { timestampOf } from "../support/sync-socket.ts";
import type { SyncClient } from "./sync-client.ts";
import { ACCOUNTS, OPENING_BALANCE, type Ledger, type StoredFile } from "./workload.ts";

/** What `torture:everything` answers. */
export interface StoredRound {
  readonly balances: readonly number[];
  readonly counters: Readonly<Record<string, number>>;
  readonly byToken: readonly Entry[];
  readonly byBucket: readonly Entry[];
  readonly byId: readonly string[];
  /** Texts of the entries, by token. */
  readonly texts: Readonly<Record<string, string>>;
  /** By word: the tokens of the entries that a search for it finds, sorted. */
  readonly found: Readonly<Record<string, readonly string[]>>;
  readonly tallies: readonly { readonly bucket: number; readonly count: number }[];
  readonly files: readonly (StoredFile & { readonly url: string | null })[];
  readonly marks: readonly string[];
  readonly jobs: readonly {
    readonly token: string;
    readonly kind: "mutation" | "action";
    readonly state: string;
  }[];
}

interface Entry {
  readonly token: string;
  readonly bucket: number;
}

/**
 * What is wrong with a round once everything that was sent has been answered: nothing is missing,
 * doubled or half there.
 */
export async function findProblems(stored: StoredRound, ledger: Ledger): Promise<string[]> {
  return [
    ...balanceProblems(stored, ledger),
    ...counterProblems(stored, ledger),
    ...entryProblems(stored, ledger),
    ...textProblems(stored, ledger),
    ...searchProblems(stored),
    ...jobProblems(stored, ledger),
    ...actionProblems(stored, ledger),
    ...(await fileProblems(stored, ledger)),
  ];
}

/** A search for a word finds the rows that have it, each once, and no others. */
export function searchProblems({ texts, found }: StoredRound): string[] {
  const rows = Object.entries(texts);
  const unsearched = rows.filter(([, text]) => !text.split(" ").every((word) => word in found));
  return [
    ...unsearched.map(([token, text]) => `nobody searched for the words of ${token}: ${text}`),
    ...Object.entries(found).flatMap(([word, tokens]) => {
      const having = rows.filter(([, text]) => text.split(" ").includes(word));
      const expected = having.map(([token]) => token).sort();
      if (JSON.stringify(tokens) === JSON.stringify(expected)) return [];
      return [`a search for ${word} finds ${tokens.join()}, it is in ${expected.join()}`];
    }),
  ];
}

/** No two commits share a timestamp, and a client is shown each of its own. */
export function findClockProblems({
  acknowledged,
  observedTs,
}: Pick<SyncClient, "acknowledged" | "observedTs">): string[] {
  const times = acknowledged.map(({ ts }) => timestampOf(ts));
  const latest = times.reduce((left, right) => (left > right ? left : right), 0n);
  return [
    ...(new Set(times).size === times.length ? [] : ["two commits have one timestamp"]),
    ...(latest <= observedTs ? [] : [`a commit at ${latest} was shown only up to ${observedTs}`]),
  ];
}

function balanceProblems({ balances }: StoredRound, ledger: Ledger): string[] {
  const sum = balances.reduce((total, balance) => total + balance, 0);
  return [
    ...(sum === ACCOUNTS * OPENING_BALANCE ? [] : [`the balances sum up to ${sum}`]),
    ...differences("balances", balances.map(String), ledger.balances.map(String)),
  ];
}

/** Each increment happened once: the answers are 1 to the counter's value. */
function counterProblems({ counters }: StoredRound, { counted }: Ledger): string[] {
  const problems = differences(
    "counters",
    Object.keys(counters).sort(),
    [...counted.keys()].sort(),
  );
  for (const [name, values] of counted) {
    const expected = Array.from({ length: counters[name] ?? 0 }, (_, index) => String(index + 1));
    const answered = [...values].sort((left, right) => left - right).map(String);
    problems.push(...differences(`increments of ${name}`, expected, answered));
  }
  return problems;
}

function entryProblems(stored: StoredRound, ledger: Ledger): string[] {
  const names = (entries: readonly Entry[]) =>
    entries.map(({ token, bucket }) => `${token} in ${bucket}`).sort();
  const acknowledged = names(ledger.entries);
  const counts = new Map<number, number>();
  for (const { bucket } of ledger.entries) counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
  const tallies = [...counts].map(([bucket, count]) => `${count} in ${bucket}`).sort();
  const storedTallies = stored.tallies.map(({ bucket, count }) => `${count} in ${bucket}`).sort();
  return [
    ...differences("entries by token", names(stored.byToken), acknowledged),
    ...differences("entries by bucket", names(stored.byBucket), acknowledged),
    ...differences("entries", [...stored.byId].sort(), ledger.entries.map((e) => e.token).sort()),
    ...differences("tallies", storedTallies, tallies),
  ];
}

function textProblems({ texts }: StoredRound, ledger: Ledger): string[] {
  return [...ledger.texts].flatMap(([token, text]) =>
    texts[token] === text ? [] : [`the text of ${token} is ${texts[token]} instead of ${text}`],
  );
}

/** Scheduled mutations happened once, scheduled actions at most once and as their state says. */
function jobProblems(stored: StoredRound, ledger: Ledger): string[] {
  const jobNames = (jobs: Ledger["jobs"]) =>
    jobs.map(({ token, kind }) => `${kind} ${token}`).sort();
  const problems = differences("jobs", jobNames([...stored.jobs]), jobNames(ledger.jobs));
  for (const { token, kind, state } of stored.jobs) {
    const marks = stored.marks.filter((mark) => mark === token).length;
    const isRight =
      (state === "success" && marks === 1) ||
      (kind === "action" && state === "failed" && marks <= 1);
    if (!isRight) problems.push(`the job ${token} (${kind}) is ${state} and ran ${marks} times`);
  }
  return problems;
}

function actionProblems({ marks }: StoredRound, { actions }: Ledger): string[] {
  return actions.flatMap(({ token, isKnown }) => {
    const count = marks.filter((mark) => mark === token).length;
    const isRight = count === 1 || (count === 0 && !isKnown);
    return isRight ? [] : [`the action ${token} ran ${count} times`];
  });
}

async function fileProblems({ files }: StoredRound, ledger: Ledger): Promise<string[]> {
  const names = (list: readonly StoredFile[]) =>
    list.map(({ token, sha256, size }) => `${token} ${sha256} ${size}`).sort();
  const problems = differences("files", names(files), names(ledger.files));
  for (const { token, url, sha256 } of files) {
    const response = url === null ? null : await fetch(url);
    const bytes = Buffer.from((await response?.arrayBuffer()) ?? new ArrayBuffer(0));
    const digest = createHash("sha256").update(bytes).digest("base64");
    if (response?.status !== 200 || digest !== sha256) {
      problems.push(`the file ${token} reads ${bytes.length} bytes of digest ${digest}`);
    }
  }
  return problems;
}

/** Both lists sorted. */
function differences(
  what: string,
  stored: readonly string[],
  acknowledged: readonly string[],
): string[] {
  if (JSON.stringify(stored) === JSON.stringify(acknowledged)) return [];
  const missing = acknowledged.filter((name) => !stored.includes(name));
  const unknown = stored.filter((name) => !acknowledged.includes(name));
  return [
    `${what}: ${stored.length} are stored, ${acknowledged.length} were acknowledged; ` +
      `missing ${missing.slice(0, 5).join(", ") || "none"}, unknown ${unknown.slice(0, 5).join(", ") || "none"}`,
  ];
}
