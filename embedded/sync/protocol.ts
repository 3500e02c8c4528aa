/**
 * The messages of Convex's sync protocol, as the `convex` npm package 1.48 speaks it
 * (`src/browser/sync/protocol.ts`): JSON text frames, discriminated by `type`.
 */
import type { Timestamp } from "../database/types.ts";
import { parseBoundedJson } from "../lib/bounded-json.ts";
import { ServiceError } from "../lib/service-error.ts";
import { decodeTimestamp } from "../values/timestamp.ts";

export type QuerySetModification =
  | {
      readonly type: "Add";
      readonly queryId: number;
      readonly path: string;
      readonly argsJson: string;
      readonly journal: string | null;
      readonly componentPath: string;
    }
  | { readonly type: "Remove"; readonly queryId: number };

export interface FunctionCall {
  readonly requestId: number;
  readonly path: string;
  readonly argsJson: string;
  readonly componentPath: string;
}

export type Credentials =
  | { readonly tokenType: "User"; readonly token: string }
  | {
      readonly tokenType: "Admin";
      readonly key: string;
      readonly impersonating: Readonly<Record<string, unknown>> | null;
    }
  | { readonly tokenType: "None" };

export type ClientMessage =
  | {
      readonly type: "Connect";
      readonly sessionId: string;
      readonly maxObservedTs: Timestamp | null;
    }
  | {
      readonly type: "Authenticate";
      readonly baseVersion: number;
      readonly credentials: Credentials;
    }
  | {
      readonly type: "ModifyQuerySet";
      readonly baseVersion: number;
      readonly newVersion: number;
      readonly modifications: readonly QuerySetModification[];
    }
  | { readonly type: "Mutation"; readonly call: FunctionCall }
  | { readonly type: "Action"; readonly call: FunctionCall }
  | { readonly type: "Event" };

/** @throws ServiceError `WSMessageInvalidJson` saying which field is missing or wrong. */
export function parseClientMessage(text: string): ClientMessage {
  const message = parseObject(text);
  switch (message["type"]) {
    case "Connect":
      return {
        type: "Connect",
        sessionId: parseSessionId(message),
        maxObservedTs: parseMaxObservedTs(message),
      };
    case "Authenticate":
      return {
        type: "Authenticate",
        baseVersion: requireCount(message, "baseVersion"),
        credentials: parseCredentials(message),
      };
    case "ModifyQuerySet":
      return {
        type: "ModifyQuerySet",
        baseVersion: requireCount(message, "baseVersion"),
        newVersion: requireCount(message, "newVersion"),
        modifications: requireArray(message, "modifications").map(parseModification),
      };
    case "Mutation":
      return { type: "Mutation", call: parseCall(message) };
    case "Action":
      return { type: "Action", call: parseCall(message) };
    case "Event":
      return { type: "Event" };
    default:
      throw invalid(`unknown message type ${JSON.stringify(message["type"] ?? null)}`);
  }
}

type Fields = Readonly<Record<string, unknown>>;

function parseObject(text: string): Fields {
  let parsed: unknown;
  try {
    parsed = parseBoundedJson(text);
  } catch (cause) {
    throw invalid(cause instanceof Error ? cause.message : "no JSON");
  }
  return requireObject(parsed, "a message");
}

function parseSessionId(message: Fields): string {
  const sessionId = requireText(message, "sessionId");
  if (!/^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(sessionId)) {
    throw invalid("`sessionId` must be a UUID");
  }
  return sessionId.toLowerCase();
}

function parseMaxObservedTs(message: Fields): Timestamp | null {
  const encoded = message["maxObservedTimestamp"] ?? null;
  if (encoded === null) return null;
  const ts = decodeTimestamp(requireText(message, "maxObservedTimestamp"));
  if (ts === null) throw invalid("`maxObservedTimestamp` must be base64 of 8 bytes");
  return ts;
}

function parseCredentials(message: Fields): Credentials {
  switch (message["tokenType"]) {
    case "None":
      return { tokenType: "None" };
    case "User":
      return { tokenType: "User", token: requireText(message, "value") };
    case "Admin": {
      const impersonating = message["impersonating"] ?? message["acting_as"] ?? null;
      return {
        tokenType: "Admin",
        key: requireText(message, "value"),
        impersonating:
          impersonating === null ? null : requireObject(impersonating, "`impersonating`"),
      };
    }
    default:
      throw invalid("`tokenType` must be User, Admin or None");
  }
}

function parseModification(entry: unknown): QuerySetModification {
  const modification = requireObject(entry, "a modification");
  const queryId = requireCount(modification, "queryId");
  if (modification["type"] === "Remove") return { type: "Remove", queryId };
  if (modification["type"] !== "Add") throw invalid("a modification must be Add or Remove");
  const journal = modification["journal"] ?? null;
  if (journal !== null && typeof journal !== "string") {
    throw invalid("`journal` must be a string or null");
  }
  return {
    type: "Add",
    queryId,
    path: requireText(modification, "udfPath"),
    argsJson: parseArguments(modification),
    journal,
    componentPath: parseComponentPath(modification),
  };
}

function parseCall(message: Fields): FunctionCall {
  return {
    requestId: requireCount(message, "requestId"),
    path: requireText(message, "udfPath"),
    argsJson: parseArguments(message),
    componentPath: parseComponentPath(message),
  };
}

function parseArguments(message: Fields): string {
  const args = requireArray(message, "args");
  try {
    return JSON.stringify(args);
  } catch (cause) {
    // `JSON.parse` goes deeper than `JSON.stringify`, which runs out of stack.
    if (cause instanceof RangeError) throw invalid("`args` is nested too deeply");
    throw cause;
  }
}

function parseComponentPath(message: Fields): string {
  return message["componentPath"] === undefined || message["componentPath"] === null
    ? ""
    : requireText(message, "componentPath");
}

function requireObject(value: unknown, what: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalid(`${what} must be an object`);
  }
  return { ...value };
}

function requireText(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== "string") throw invalid(`\`${name}\` must be a string`);
  return value;
}

function requireArray(fields: Fields, name: string): readonly unknown[] {
  const value = fields[name];
  if (!Array.isArray(value)) throw invalid(`\`${name}\` must be an array`);
  return value;
}

function requireCount(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > 0xffffffff) {
    throw invalid(`\`${name}\` must be a non-negative integer`);
  }
  return value;
}

function invalid(problem: string): ServiceError {
  return new ServiceError(
    "badRequest",
    "WSMessageInvalidJson",
    `Received Invalid JSON on websocket: ${problem}`,
  );
}
