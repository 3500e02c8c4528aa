/** Starts the backend on folders that a power cut left and answers with what is wrong with them. */
import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";

import { ConvexHttpClient } from "convex/browser";
import { makeFunctionReference } from "convex/server";
import { pino } from "pino";

import { startBackend, type Backend } from "#embedded/backend.ts";
import { ConfigError } from "#embedded/config.ts";
import { DataFolderError } from "#embedded/storage/storage-error.ts";
import { encodeTimestamp } from "#embedded/values/timestamp.ts";

import { addition, SyncSocket, timestampOf } from "../../support/sync-socket.ts";
import { searchProblems, type StoredRound } from "../verification.ts";
import {
  ACCOUNTS,
  OPENING_BALANCE,
  ROUND,
  VARIABLE,
  type EngineAck,
  type MutationAck,
} from "./engine-acks.ts";
import { answerInspections, type Inspection } from "./power-cuts.ts";

const SETTLE_TIMEOUT_MS = 30_000;

const functions = {
  everything: makeFunctionReference<"query", { round: number }, StoredRound>("torture:everything"),
  openJobs: makeFunctionReference<"query", { round: number }, number>("torture:openJobs"),
  fileUrl: makeFunctionReference<"query", { storageId: string }, string | null>("torture:fileUrl"),
};

answerInspections(inspect);

async function inspect({ left, acks }: Inspection<EngineAck>): Promise<string[]> {
  const [serving] = ofKind(acks, "serving");
  let backend: Backend;
  try {
    backend = await startBackend({ folder: left, port: 0, log: pino({ level: "silent" }) });
  } catch (error) {
    const isRefusal = error instanceof DataFolderError || error instanceof ConfigError;
    // What was being created when the power went may be half there; it held nothing yet.
    if (serving === undefined && isRefusal) return [];
    return [`it does not start: ${String(error)}`];
  }
  try {
    if (serving === undefined) return [];
    const isItself = backend.adminKey === serving.adminKey;
    return [
      ...(isItself ? [] : ["it is another deployment"]),
      ...(await findProblems(backend, acks)),
    ];
  } finally {
    await backend.close();
  }
}

async function findProblems(backend: Backend, acks: readonly EngineAck[]): Promise<string[]> {
  const url = backend.url ?? "";
  const mutations = ofKind(acks, "mutation");
  if (ofKind(acks, "deployed").length === 0) return [];
  const resent = await resendAll(url, mutations);
  const http = new ConvexHttpClient(url, { logger: false });
  for (let waitedMs = 0; (await http.query(functions.openJobs, { round: ROUND })) > 0;) {
    if (waitedMs > SETTLE_TIMEOUT_MS) return [...resent, "jobs do not end"];
    waitedMs += 10;
    await delay(10);
  }
  const stored = await http.query(functions.everything, { round: ROUND });
  return [
    ...resent,
    ...balanceProblems(stored, mutations),
    ...entryProblems(stored, mutations),
    ...searchProblems(stored),
    ...counterProblems(stored, mutations),
    ...jobProblems(stored, mutations),
    ...(await fileProblems(http, stored, acks)),
    ...(await variableProblems(url, backend.adminKey, acks)),
  ];
}

/** What was answered once is answered the same again, and done once; and no time goes back. */
async function resendAll(url: string, mutations: readonly MutationAck[]): Promise<string[]> {
  const sessions = new Map<string, MutationAck[]>();
  for (const ack of mutations) {
    if (ack.session === null) continue;
    const { sessionId } = ack.session;
    sessions.set(sessionId, [...(sessions.get(sessionId) ?? []), ack]);
  }
  const problems = await Promise.all([...sessions].map(([id, sent]) => resend(url, id, sent)));
  return problems.flat();
}

function resend(url: string, sessionId: string, sent: readonly MutationAck[]): Promise<string[]> {
  const unanswered = new Map(sent.map((ack) => [ack.session?.requestId ?? 0, ack]));
  const observed = sent.map(({ session }) => BigInt(session?.observedTs ?? 0));
  const latest = observed.reduce((one, other) => (one > other ? one : other), 0n);
  const problems: string[] = [];
  return new Promise((resolve, reject) => {
    const socket = new SyncSocket(url, {
      onTransition: ({ endVersion: { ts } }) => {
        if (timestampOf(ts) < latest) problems.push(`time went back from ${latest} to ${ts}`);
      },
      onMutationResponse: ({ requestId, success, result, ts }) => {
        const ack = unanswered.get(requestId);
        unanswered.delete(requestId);
        const answer = JSON.stringify(result);
        const isSame = success && answer === ack?.result && ts === ack.session?.ts;
        if (!isSame) problems.push(`${nameOf(ack)} is answered ${answer} now`);
        if (unanswered.size > 0) return;
        resolve(problems);
        void socket.close();
      },
      onActionResponse: () => undefined,
      onOther: (frame) => void problems.push(`was told ${frame}`),
      onClose: (code, reason) => resolve([...problems, `closed with ${code} ${reason}`]),
    });
    socket.opened
      .then(() => {
        const maxObservedTs = latest === 0n ? null : encodeTimestamp(latest);
        socket.introduce({ sessionId, connectionCount: 99, maxObservedTs });
        socket.modifyQuerySet(0, [addition(0, "torture:total", { round: ROUND })]);
        for (const [requestId, { path, args }] of unanswered) {
          socket.call("Mutation", requestId, path, args);
        }
      })
      .catch(reject);
  });
}

function balanceProblems({ balances }: StoredRound, mutations: readonly MutationAck[]): string[] {
  // They may have been opened a moment later.
  if (balances.length === 0 && mutations.length === 0) return [];
  const [from = 0, to = 0] = balances;
  const transfers = mutations.filter(({ path }) => path === "torture:transfer").length;
  return [
    ...(from + to === ACCOUNTS * OPENING_BALANCE ? [] : [`a half transfer: ${balances.join(" ")}`]),
    ...(to >= OPENING_BALANCE + transfers
      ? []
      : [`${transfers} transfers, but ${to} on the account`]),
  ];
}

/** Table and indexes are the same, whatever of the last writes is there. */
function entryProblems(stored: StoredRound, mutations: readonly MutationAck[]): string[] {
  const tokens = stored.byToken.map(({ token }) => token);
  const counts = new Map<number, number>();
  for (const { bucket } of stored.byToken) counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
  const problems = [
    [tokens, [...new Set(tokens)], "entries are doubled"],
    [tokens, stored.byId, "the table is not its index"],
    [tokens, stored.byBucket.map(({ token }) => token), "the indexes differ"],
    [
      [...counts].map(([bucket, count]) => `${count} in ${bucket}`),
      stored.tallies.map(({ bucket, count }) => `${count} in ${bucket}`),
      "tallies are no sums",
    ],
  ] as const;
  const isKnown = new Set(tokens);
  return [
    ...problems
      .filter(([one, other]) => !isEqual(one.toSorted(), other.toSorted()))
      .map(([one, other, problem]) => `${problem}: ${one.join()} and ${other.join()}`),
    ...mutations
      .filter(({ path, args }) => path === "torture:add" && !isKnown.has(String(args["token"])))
      .map((ack) => `${nameOf(ack)} is lost`),
  ];
}

/** A counter counts its entries, and never less than it said. */
function counterProblems(stored: StoredRound, mutations: readonly MutationAck[]): string[] {
  const counts = new Map<string, number>();
  for (const { token } of stored.byToken) {
    const [counter = ""] = token.split(" ");
    counts.set(counter, (counts.get(counter) ?? 0) + 1);
  }
  const wrong = Object.entries(stored.counters).filter(
    ([name, value]) => counts.get(name) !== value,
  );
  const behind = mutations.filter(
    ({ path, args, result }) =>
      path === "torture:add" && (stored.counters[String(args["counter"])] ?? 0) < Number(result),
  );
  return [
    ...wrong.map(([name, value]) => `the counter ${name} is ${value}, not ${counts.get(name)}`),
    ...behind.map((ack) => `${nameOf(ack)} was counted once`),
  ];
}

function jobProblems(stored: StoredRound, mutations: readonly MutationAck[]): string[] {
  const wrong = stored.jobs.filter(({ token, kind, state }) => {
    const marks = stored.marks.filter((mark) => mark === token).length;
    if (state === "success") return marks !== 1;
    return kind === "mutation" || state !== "failed" || marks > 1;
  });
  const isKnown = new Set(stored.jobs.map(({ token }) => token));
  return [
    ...wrong.map(({ token, state }) => `${token} is ${state}, with other marks`),
    ...mutations
      .filter(({ path, args }) => path === "torture:later" && !isKnown.has(String(args["token"])))
      .map((ack) => `${nameOf(ack)} is lost`),
  ];
}

async function fileProblems(
  http: ConvexHttpClient,
  stored: StoredRound,
  acks: readonly EngineAck[],
): Promise<string[]> {
  const isSaved = new Set(stored.files.map(({ token }) => token));
  const lost = ofKind(acks, "mutation")
    .filter(({ path, args }) => path === "torture:saveFile" && !isSaved.has(String(args["token"])))
    .map((ack) => `${nameOf(ack)} is lost`);
  const uploaded = ofKind(acks, "upload").map(async ({ storageId, sha256 }) => ({
    sha256,
    url: await http.query(functions.fileUrl, { storageId }),
  }));
  const files = [...stored.files, ...(await Promise.all(uploaded))];
  const problems = files.map(async ({ url, sha256 }) => {
    if (url === null) return ["a file is lost"];
    const response = await fetch(url);
    // Those of a file that is too short break off.
    const bytes = await response.arrayBuffer().catch(() => new ArrayBuffer(0));
    const digest = createHash("sha256").update(new Uint8Array(bytes)).digest("base64");
    return digest === sha256
      ? []
      : [`a file is torn: ${response.status}, ${bytes.byteLength} bytes`];
  });
  return [...lost, ...(await Promise.all(problems)).flat()];
}

async function variableProblems(
  url: string,
  adminKey: string,
  acks: readonly EngineAck[],
): Promise<string[]> {
  const response = await fetch(`${url}/api/query`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Convex ${adminKey}` },
    body: JSON.stringify({ path: "_system/cli/queryEnvironmentVariables", args: {} }),
  });
  const { value } = (await response.json()) as { value: { name: string; value: string }[] };
  const now = Number(value.find(({ name }) => name === VARIABLE)?.value ?? 0);
  const acknowledged = Math.max(0, ...ofKind(acks, "variable").map((ack) => ack.value));
  return now >= acknowledged ? [] : [`the variable is ${now} and was set to ${acknowledged}`];
}

function ofKind<K extends EngineAck["kind"]>(acks: readonly EngineAck[], kind: K) {
  return acks.filter((ack): ack is Extract<EngineAck, { kind: K }> => ack.kind === kind);
}

function nameOf(ack: MutationAck | undefined): string {
  return `${ack?.path ?? ""} ${JSON.stringify(ack?.args)}`;
}

function isEqual(one: readonly string[], other: readonly string[]): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
