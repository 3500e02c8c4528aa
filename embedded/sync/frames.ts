import type { Timestamp } from "../database/types.ts";
import type { ActionOutcome, MutationOutcome, QueryOutcome } from "../functions/types.ts";
import { encodeTimestamp } from "../values/timestamp.ts";

/** How far a client has come; the parts of a Transition's `startVersion` and `endVersion`. */
export interface StateVersion {
  readonly querySet: number;
  readonly ts: Timestamp;
  readonly identity: number;
}

export interface QueryChange {
  readonly queryId: number;
  /** `null` when the client removed the query. */
  readonly outcome: QueryOutcome | null;
}

/** A frame, and to whom it can be sent as it is. */
interface SharedFrame {
  readonly start: StateVersion;
  readonly end: StateVersion;
  readonly changes: readonly QueryChange[];
  readonly frame: Buffer;
}

/** How many frames that begin with the same outcome are kept, and how long they may be together. */
const MAX_SHARED_FRAMES = 16;
const MAX_SHARED_BYTES = 1024 * 1024;

/**
 * Encodes server messages. Sockets that watch the same query receive the same outcome object, so that
 * its text is encoded once, whoever is told of it, and the whole frame once for sockets that are in step
 * with each other: told of the same, at the same versions.
 */
export interface FrameEncoder {
  /** Sockets in step get the same object, by which it is seen at once that they are. */
  version(querySet: number, ts: Timestamp, identity: number): StateVersion;
  transition(start: StateVersion, end: StateVersion, changes: readonly QueryChange[]): Buffer;
  mutationResponse(requestId: number, outcome: MutationOutcome): string;
  actionResponse(requestId: number, outcome: ActionOutcome): string;
}

export function createFrameEncoder(): FrameEncoder {
  let lastVersion: StateVersion = { querySet: 0, ts: 0n, identity: 0 };
  const encode = createTransitionEncoder();
  /** By the first outcome that they tell of, the newest first. */
  const sharedFrames = new WeakMap<QueryOutcome, SharedFrame[]>();

  return {
    version(querySet, ts, identity) {
      const version = { querySet, ts, identity };
      if (!isSameVersion(lastVersion, version)) lastVersion = version;
      return lastVersion;
    },
    transition(start, end, changes) {
      const outcome = changes[0]?.outcome ?? null;
      if (outcome === null) return encode(start, end, changes);
      const known = sharedFrames.get(outcome) ?? [];
      for (const each of known) {
        if (
          isSameVersion(each.start, start) &&
          isSameVersion(each.end, end) &&
          areSameChanges(each.changes, changes)
        ) {
          return each.frame;
        }
      }
      const frame = encode(start, end, changes);
      const room = Math.min(MAX_SHARED_FRAMES, Math.floor(MAX_SHARED_BYTES / frame.length)) - 1;
      const others = room > 0 ? known.slice(0, room) : [];
      sharedFrames.set(outcome, [{ start, end, changes, frame }, ...others]);
      return frame;
    },
    mutationResponse: (requestId, outcome) =>
      encodeResponse(
        "MutationResponse",
        requestId,
        outcome,
        outcome.ok ? JSON.stringify(encodeTimestamp(outcome.ts)) : "null",
      ),
    actionResponse: (requestId, outcome) =>
      encodeResponse("ActionResponse", requestId, outcome, null),
  };
}

type EncodeTransition = FrameEncoder["transition"];

function createTransitionEncoder(): EncodeTransition {
  const tails = new WeakMap<QueryOutcome, Buffer>();

  function tailOf(outcome: QueryOutcome): Buffer {
    let tail = tails.get(outcome);
    if (tail === undefined) tails.set(outcome, (tail = Buffer.from(encodeOutcome(outcome))));
    return tail;
  }

  return (start, end, changes) => {
    const parts: Buffer[] = [];
    let text = `{"type":"Transition","startVersion":${encodeVersion(start)},"endVersion":${encodeVersion(end)},"modifications":[`;
    changes.forEach(({ queryId, outcome }, position) => {
      if (position > 0) text += ",";
      if (outcome === null) {
        text += `{"type":"QueryRemoved","queryId":${queryId}}`;
        return;
      }
      const type = outcome.ok ? "QueryUpdated" : "QueryFailed";
      parts.push(Buffer.from(`${text}{"type":"${type}","queryId":${queryId},`), tailOf(outcome));
      text = "";
    });
    return Buffer.concat([...parts, Buffer.from(`${text}]}`)]);
  };
}

export const PING_FRAME = '{"type":"Ping"}';

/** Ends the client for good: it will not reconnect. */
export function fatalErrorFrame(message: string): string {
  return JSON.stringify({ type: "FatalError", error: message });
}

/** Makes the client fetch a new token and reconnect with it. */
export function authErrorFrame(
  message: string,
  baseVersion: number,
  authUpdateAttempted: boolean,
): string {
  return JSON.stringify({ type: "AuthError", error: message, baseVersion, authUpdateAttempted });
}

/** Clients from 1.28 on put a Transition that is sent in parts together again. */
export const MAX_UNCHUNKED_LENGTH = 5_000_000;

export function splitTransition(frame: Buffer): readonly string[] {
  const text = frame.toString("utf8");
  const totalParts = Math.ceil(text.length / MAX_UNCHUNKED_LENGTH);
  return Array.from({ length: totalParts }, (_, partNumber) =>
    JSON.stringify({
      type: "TransitionChunk",
      chunk: text.slice(partNumber * MAX_UNCHUNKED_LENGTH, (partNumber + 1) * MAX_UNCHUNKED_LENGTH),
      partNumber,
      totalParts,
      transitionId: String(text.length),
    }),
  );
}

/** Whether a client that holds `previous` would notice `next`: request ids of errors don't count. */
export function isSameOutcome(previous: QueryOutcome | null, next: QueryOutcome): boolean {
  if (previous === null || previous === next) return previous === next;
  if (previous.logLines.length !== next.logLines.length) return false;
  if (previous.logLines.some((line, index) => line !== next.logLines[index])) return false;
  if (previous.ok) return next.ok && previous.valueJson === next.valueJson;
  if (next.ok || previous.errorDataJson !== next.errorDataJson) return false;
  return withoutRequestId(previous.errorMessage) === withoutRequestId(next.errorMessage);
}

function isSameVersion(left: StateVersion, right: StateVersion): boolean {
  if (left === right) return true;
  const { querySet, ts, identity } = right;
  return left.querySet === querySet && left.identity === identity && left.ts === ts;
}

function areSameChanges(left: readonly QueryChange[], right: readonly QueryChange[]): boolean {
  return (
    left.length === right.length &&
    left.every(({ queryId, outcome }, position) => {
      const other = right[position];
      return queryId === other?.queryId && outcome === other.outcome;
    })
  );
}

function encodeVersion({ querySet, ts, identity }: StateVersion): string {
  return `{"querySet":${querySet},"ts":"${encodeTimestamp(ts)}","identity":${identity}}`;
}

function encodeOutcome(outcome: QueryOutcome): string {
  const rest = `"logLines":${JSON.stringify(outcome.logLines)},"journal":${JSON.stringify(outcome.journal)}}`;
  if (outcome.ok) return `"value":${outcome.valueJson},${rest}`;
  const data = outcome.errorDataJson === undefined ? "" : `"errorData":${outcome.errorDataJson},`;
  return `"errorMessage":${JSON.stringify(outcome.errorMessage)},${data}${rest}`;
}

function encodeResponse(
  type: "MutationResponse" | "ActionResponse",
  requestId: number,
  outcome: MutationOutcome | ActionOutcome,
  ts: string | null,
): string {
  const result = outcome.ok ? outcome.valueJson : JSON.stringify(outcome.errorMessage);
  const data =
    outcome.ok || outcome.errorDataJson === undefined
      ? ""
      : `,"errorData":${outcome.errorDataJson}`;
  const timestamp = ts === null ? "" : `,"ts":${ts}`;
  return `{"type":"${type}","requestId":${requestId},"success":${outcome.ok},"result":${result}${timestamp},"logLines":${JSON.stringify(outcome.logLines)}${data}}`;
}

function withoutRequestId(message: string): string {
  return message.replace(/^\[Request ID: [0-9a-f]+\] /, "");
}
