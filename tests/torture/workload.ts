/** What a client does in a round, and what it may rely on from then on. */
import { createHash } from "node:crypto";

import type { Random } from "./random.ts";
import { ConnectionLostError, type SyncClient } from "./sync-client.ts";

export const ACCOUNTS = 6;
export const OPENING_BALANCE = 1_000;
const BUCKETS = 5;
/** How many different ones an entry can have. */
const TEXTS = 20;
const MAX_FILE_BYTES = 60_000;
const MAX_DELAY_MS = 150;

export interface StoredFile {
  readonly token: string;
  readonly sha256: string;
  readonly size: number;
}

/** What was acknowledged in one round. */
export interface Ledger {
  readonly balances: number[];
  readonly entries: { readonly token: string; readonly bucket: number }[];
  /** The entries' texts by token, of those that were given another than their first one. */
  readonly texts: Map<string, string>;
  /** Values that the counters' increments returned. */
  readonly counted: Map<string, number[]>;
  readonly files: StoredFile[];
  readonly jobs: { readonly token: string; readonly kind: "mutation" | "action" }[];
  /** Actions that were called directly; whether they ran is unknown when the connection was lost. */
  readonly actions: { readonly token: string; readonly isKnown: boolean }[];
}

export function newLedger(): Ledger {
  return {
    balances: Array.from({ length: ACCOUNTS }, () => OPENING_BALANCE),
    entries: [],
    texts: new Map(),
    counted: new Map(),
    files: [],
    jobs: [],
    actions: [],
  };
}

export interface Worker {
  readonly round: number;
  readonly name: string;
  readonly url: string;
  readonly client: SyncClient;
  readonly random: Random;
  readonly ledger: Ledger;
}

type Operation = (worker: Worker, token: string) => Promise<void>;

const OPERATIONS: readonly (readonly [weight: number, Operation])[] = [
  [6, transfer],
  [7, add],
  [3, reword],
  [2, upload],
  [2, schedule],
  [1, callAction],
];
const TOTAL_WEIGHT = OPERATIONS.reduce((sum, [weight]) => sum + weight, 0);

/** Does one thing after the other, each once the one before is acknowledged. */
export async function work(worker: Worker, isOver: () => boolean): Promise<void> {
  for (let number = 0; !isOver(); number += 1) {
    const operation = choose(worker.random);
    await operation(worker, `${worker.name}-${number}`);
  }
}

function choose(random: Random): Operation {
  let rest = random.integer(0, TOTAL_WEIGHT);
  for (const [weight, operation] of OPERATIONS) {
    if (rest < weight) return operation;
    rest -= weight;
  }
  return add;
}

/** Several at once, as a client may send them. */
async function transfer({ round, client, random, ledger }: Worker): Promise<void> {
  const transfers = Array.from({ length: random.integer(1, 4) }, () => ({
    from: random.integer(0, ACCOUNTS),
    amount: random.integer(1, 100),
    step: random.integer(1, ACCOUNTS),
  }));
  await Promise.all(
    transfers.map(async ({ from, amount, step }) => {
      const to = (from + step) % ACCOUNTS;
      await client.mutation("torture:transfer", { round, from, to, amount });
      ledger.balances[from] = (ledger.balances[from] ?? 0) - amount;
      ledger.balances[to] = (ledger.balances[to] ?? 0) + amount;
    }),
  );
}

async function add(worker: Worker, token: string): Promise<void> {
  const { round, client, random, ledger } = worker;
  const bucket = random.integer(0, BUCKETS);
  const counter = random.float() < 0.5 ? "shared" : worker.name;
  const value = await client.mutation("torture:add", { round, token, bucket, counter });
  ledger.entries.push({ token, bucket });
  ledger.counted.set(counter, [...(ledger.counted.get(counter) ?? []), Number(value)]);
}

/** Another text for one of its own entries, which nobody else changes. */
async function reword(worker: Worker, token: string): Promise<void> {
  const { round, name, client, random, ledger } = worker;
  const own = ledger.entries.filter((entry) => entry.token.startsWith(`${name}-`));
  const chosen = own[random.integer(0, own.length)];
  if (chosen === undefined) {
    await add(worker, token);
    return;
  }
  const number = random.integer(0, TEXTS);
  const args = { round, token: chosen.token, number };
  const text = await client.mutation("torture:reword", args);
  if (typeof text !== "string") throw new Error("There is no text.");
  ledger.texts.set(chosen.token, text);
}

async function upload(worker: Worker, token: string): Promise<void> {
  const { round, client, random, ledger } = worker;
  const bytes = random.bytes(random.integer(1, MAX_FILE_BYTES));
  const sha256 = createHash("sha256").update(bytes).digest("base64");
  const address = await client.mutation("torture:uploadUrl", {});
  if (typeof address !== "string") throw new Error("There is no address to upload to.");
  let storageId: string;
  try {
    const response = await fetch(address, {
      method: "POST",
      body: new Uint8Array(bytes),
      headers: { Digest: `sha-256=${sha256}` },
    });
    ({ storageId } = (await response.json()) as { storageId: string });
  } catch {
    // The server died; there is no file to keep then.
    return;
  }
  await client.mutation("torture:saveFile", { round, token, storageId, sha256 });
  ledger.files.push({ token, sha256, size: bytes.byteLength });
}

async function schedule({ round, client, random, ledger }: Worker, token: string): Promise<void> {
  const kind = random.float() < 0.6 ? "mutation" : "action";
  const delayMs = random.integer(0, MAX_DELAY_MS);
  await client.mutation("torture:later", { round, token, kind, delayMs });
  ledger.jobs.push({ token, kind });
}

async function callAction({ round, client, ledger }: Worker, token: string): Promise<void> {
  try {
    await client.action("torture:actNow", { round, token });
    ledger.actions.push({ token, isKnown: true });
  } catch (error) {
    if (!(error instanceof ConnectionLostError)) throw error;
    ledger.actions.push({ token, isKnown: false });
    // As a person would wait before the next try.
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
