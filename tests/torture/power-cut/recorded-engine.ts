/**
 * Records the backend's program while clients work with it: it is started, deployed to, killed, started
 * again, and stopped in peace.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { ConvexHttpClient } from "convex/browser";
import { makeFunctionReference } from "convex/server";

import { fixtureSources, pushTo } from "#embedded/test-backend.ts";

import { BackendProgram } from "../backend-program.ts";
import { Random } from "../random.ts";
import { SyncClient } from "../sync-client.ts";
import {
  ACCOUNTS,
  OPENING_BALANCE,
  ROUND,
  VARIABLE,
  type Args,
  type EngineAck,
} from "./engine-acks.ts";
import { readEvents } from "./recorded-disk.ts";
import { lengthOf, recorderEnvironment, type Recording } from "./recorder.ts";

const BUILD = fileURLToPath(new URL("../../../.cache/power-cut", import.meta.url));
/** In which an answer that does not wait for it reaches its client. */
const SYNC_MS = 10;
/** What clients are told before the kill, and in all. */
const ACKS_BEFORE_KILL = 250;
const ACKS = 400;
const BUCKETS = 5;
const MAX_FILE_BYTES = 20_000;
const MAX_DELAY_MS = 100;
/** As a person would wait before the next try. */
const RETRY_MS = 20;

const functions = {
  open: makeFunctionReference<"mutation">("torture:open"),
  add: makeFunctionReference<"mutation", Args, number>("torture:add"),
};

/** @param folder is this recording's own. @throws Error when the program or a client saw a fault. */
export async function recordEngine(folder: string, seed: number): Promise<Recording<EngineAck>> {
  const recorded = join(folder, "data");
  const log = join(folder, "log");
  mkdirSync(recorded);
  const environment = recorderEnvironment(folder, { recorded, log, syncMs: SYNC_MS });
  const program = await BackendProgram.create(recorded, { build: BUILD, environment });
  const work = new Work(program.url, new Random(seed), log);
  try {
    program.spawn();
    const { adminKey } = await program.ready();
    await work.begin(adminKey);
    await work.until(ACKS_BEFORE_KILL);
    await program.kill(() => writeFileSync(`${log}.kill`, ""));
    rmSync(`${log}.kill`);
    program.spawn();
    await program.ready();
    await work.until(ACKS);
    await work.end();
    const code = await program.kill((child) => void child.kill("SIGTERM"));
    if (code !== 0) program.faults.push(`It ended with code ${String(code)}.`);
  } finally {
    work.close();
    await program.kill();
  }
  const faults = [...program.faults, ...work.violations];
  if (faults.length > 0) throw new Error(faults.join("\n"));
  return { events: readEvents(readFileSync(log), recorded), acks: work.acks };
}

/** Clients that do one thing after the other, each of them in several lanes. */
class Work {
  readonly acks: Recording<EngineAck>["acks"][number][] = [];
  readonly #url: string;
  readonly #random: Random;
  readonly #log: string;
  readonly #http: ConvexHttpClient;
  readonly #violations: string[] = [];
  #clients: readonly SyncClient[] = [];
  #lanes: Promise<unknown> = Promise.resolve();
  #isOver = false;
  #reached: { readonly count: number; readonly resolve: () => void } | null = null;

  constructor(url: string, random: Random, log: string) {
    this.#url = url;
    this.#random = random;
    this.#log = log;
    this.#http = new ConvexHttpClient(url, { logger: false });
  }

  get violations(): readonly string[] {
    return [...this.#violations, ...this.#clients.flatMap(({ violations }) => violations)];
  }

  async begin(adminKey: string): Promise<void> {
    this.#note({ kind: "serving", adminKey });
    await pushTo(this.#url, adminKey, fixtureSources("torture"));
    this.#note({ kind: "deployed" });
    const accounts = { round: ROUND, accounts: ACCOUNTS, balance: OPENING_BALANCE };
    await this.#http.mutation(functions.open, accounts);
    this.#clients = [this.#connect(), this.#connect()];
    this.#lanes = Promise.all([
      ...this.#clients.flatMap((client, at) => [
        this.#lane((number) => this.#add(client, `a${at}`, number)),
        this.#lane((number) => this.#add(client, `b${at}`, number)),
        this.#lane(() => this.#transfer(client)),
        this.#lane((number) => this.#upload(client, `file ${at}.${number}`)),
        this.#lane((number) => this.#schedule(client, `job ${at}.${number}`)),
      ]),
      this.#lane((number) => this.#addOverHttp(number)),
      this.#lane((number) => this.#setVariable(adminKey, number)),
    ]);
    this.#lanes.catch((error: unknown) => {
      this.#violations.push(String(error));
      this.#reached?.resolve();
    });
  }

  /** Resolves once so many things were acknowledged. */
  until(count: number): Promise<void> {
    return new Promise((resolve) => (this.#reached = { count, resolve }));
  }

  /** Lets the clients go when everything has been answered. */
  async end(): Promise<void> {
    this.#isOver = true;
    await this.#lanes;
    this.close();
  }

  close(): void {
    this.#isOver = true;
    for (const client of this.#clients) client.close();
  }

  #note(ack: EngineAck): void {
    this.acks.push({ ack, position: lengthOf(this.#log) });
    if (this.acks.length >= (this.#reached?.count ?? Infinity)) this.#reached?.resolve();
  }

  #connect(): SyncClient {
    const watched = { path: "torture:total", args: { round: ROUND } };
    return new SyncClient(this.#url, this.#random.fork(), watched, (total) => {
      if (total !== ACCOUNTS * OPENING_BALANCE)
        this.#violations.push(`the total ${JSON.stringify(total)}`);
    });
  }

  async #lane(step: (number: number) => Promise<void>): Promise<void> {
    for (let number = 1; !this.#isOver; number += 1) await step(number);
  }

  async #call(client: SyncClient, name: string, args: Args): Promise<string> {
    await client.mutation(`torture:${name}`, args);
    const { sessionId, observedTs, acknowledged } = client;
    const known = acknowledged.find((answer) => answer.args === args);
    if (known === undefined) throw new Error("It was not acknowledged.");
    const { requestId, path, ts } = known;
    const session = { sessionId, requestId, ts, observedTs: String(observedTs) };
    this.#note({ kind: "mutation", path, args, result: known.result, session });
    return known.result;
  }

  async #add(client: SyncClient, counter: string, number: number): Promise<void> {
    const bucket = this.#random.integer(0, BUCKETS);
    await this.#call(client, "add", {
      round: ROUND,
      token: `${counter} ${number}`,
      bucket,
      counter,
    });
  }

  async #addOverHttp(number: number): Promise<void> {
    const args = { round: ROUND, token: `http ${number}`, bucket: 0, counter: "http" };
    try {
      const result = String(await this.#http.mutation(functions.add, args));
      this.#note({ kind: "mutation", path: "torture:add", args, result, session: null });
    } catch {
      // It was killed, and nobody knows.
      await delay(RETRY_MS);
    }
  }

  async #transfer(client: SyncClient): Promise<void> {
    await this.#call(client, "transfer", { round: ROUND, from: 0, to: 1, amount: 1 });
  }

  async #upload(client: SyncClient, token: string): Promise<void> {
    const bytes = this.#random.bytes(this.#random.integer(1, MAX_FILE_BYTES));
    const sha256 = createHash("sha256").update(bytes).digest("base64");
    const address = await this.#call(client, "uploadUrl", {});
    let storageId: string;
    try {
      const body = new Uint8Array(bytes);
      const response = await fetch(JSON.parse(address) as string, { method: "POST", body });
      ({ storageId } = (await response.json()) as { storageId: string });
    } catch {
      // It was killed.
      return;
    }
    this.#note({ kind: "upload", storageId, sha256 });
    await this.#call(client, "saveFile", { round: ROUND, token, storageId, sha256 });
  }

  async #schedule(client: SyncClient, token: string): Promise<void> {
    const kind = this.#random.float() < 0.7 ? "mutation" : "action";
    const delayMs = this.#random.integer(0, MAX_DELAY_MS);
    await this.#call(client, "later", { round: ROUND, token, kind, delayMs });
  }

  async #setVariable(adminKey: string, value: number): Promise<void> {
    const changes = [{ name: VARIABLE, value: String(value) }];
    const request = {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Convex ${adminKey}` },
      body: JSON.stringify({ changes }),
    };
    try {
      const answer = await fetch(`${this.#url}/api/update_environment_variables`, request);
      if (!answer.ok) throw new Error(await answer.text());
      this.#note({ kind: "variable", value });
    } catch {
      await delay(RETRY_MS);
    }
  }
}
