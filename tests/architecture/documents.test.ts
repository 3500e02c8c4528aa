import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { format, resolveConfig } from "prettier";
import { expect, test } from "vitest";

import { PERMISSIONS, ROLE_PERMISSIONS } from "#convex/domain/permissions.ts";
import schema from "#convex/schema.ts";
import {
  DEPLOYMENT_LIMITS,
  FUNCTION_LIMITS,
  RETENTION_LIMITS,
  RUNNING_LIMITS,
  SCHEMA_LIMITS,
  SEARCH_LIMITS,
  TRANSACTION_LIMITS,
  VALUE_LIMITS,
} from "#embedded/lib/limits.ts";
import { DEFAULT_TRAFFIC_LIMITS, type TrafficLimits } from "#embedded/lib/traffic-limits.ts";
import { describeEntityRelationships } from "#scripts/entity-relationships.ts";
import { describeLimits, type TrafficMeanings } from "#scripts/limits.ts";
import { describePermissions } from "#scripts/permissions.ts";
import { readShopFunctions } from "#tests/support/shop-functions.ts";

test("SYS-7: docs/permissions.md says what the code says", async () => {
  const functions = readShopFunctions().filter(({ isPublic }) => isPublic);
  await expectDocument(
    "docs/permissions.md",
    describePermissions(PERMISSIONS, ROLE_PERMISSIONS, functions),
  );
});

test("SYS-7: docs/er.md shows the tables of the schema", async () => {
  // `export` is marked as internal to the package, and is what the CLI deploys.
  const exportSchema: unknown = Reflect.get(schema, "export");
  if (typeof exportSchema !== "function") throw new Error("the schema cannot be exported");
  const exported = String(Reflect.apply(exportSchema, schema, []));
  await expectDocument("docs/er.md", describeEntityRelationships(exported));
});

const TRAFFIC_MEANINGS: TrafficMeanings<keyof TrafficLimits> = {
  loopback: "1 limits callers on this machine too, which are trusted otherwise",
  socketsPerAddress: "sync sockets open at a time, of one address",
  sockets: "sync sockets open at a time, in all",
  connectionsPerAddress: "connections open at a time, of one address",
  connectsPerSecond: "sync sockets opened in a second, of one address",
  requestsPerSecond: "HTTP requests in a second, of one address",
  messagesPerSecond:
    "frames on sync sockets in a second, each added query one more, of one address",
  callsPerSecond: "mutations and actions in a second, of one address",
  callsPerSecondOfIdentity: "mutations and actions in a second, of one signed-in identity",
  refusalsPerSecond: "wrong admin keys and refused tokens in a second, of one address",
  queries: "queries that have a turn at a time",
  mutations: "mutations that have a turn at a time",
  actions: "actions that run at a time",
  waitingCalls: "calls of each kind that wait for a turn",
  shareOfOne: "the part of running actions and waiting calls that one caller may take",
  unreadBytesPerSocket: "what a client has not read yet, of one socket",
  unreadBytes: "what clients have not read yet, in all",
  watchedArgumentBytes: "arguments of the queries that one socket watches",
  watchedResultBytes: "results of the queries that one socket watches",
  watchedQueries: "queries that one socket watches",
  incompleteBytes: "frames that have not arrived completely, in all",
};

const FUNCTION_NOTE = `\
An action that computes for more than 60 seconds without a pause is ended, whatever time it has left:
what gives no sign for so long counts as a loop.`;

const RUNNING_NOTE = `\
How many queries, mutations and actions run at a time are limits of traffic, below. Convex's class
S16 runs eight scheduled functions at a time; here eight actions among them leave room for as many
mutations, which actions that take minutes would otherwise keep waiting. A function that keeps others
waiting has one job besides those.`;

test("SYS-7: docs/limits.md says the embedded backend's limits", async () => {
  const sections = [
    { title: "One transaction", limits: TRANSACTION_LIMITS },
    { title: "One function", note: FUNCTION_NOTE, limits: FUNCTION_LIMITS },
    { title: "Values and documents", limits: VALUE_LIMITS },
    { title: "A schema", limits: SCHEMA_LIMITS },
    { title: "A search", limits: SEARCH_LIMITS },
    { title: "A deployment", limits: DEPLOYMENT_LIMITS },
    { title: "What runs and waits", note: RUNNING_NOTE, limits: RUNNING_LIMITS },
    { title: "How long things are kept", limits: RETENTION_LIMITS },
  ];
  await expectDocument(
    "docs/limits.md",
    describeLimits(sections, DEFAULT_TRAFFIC_LIMITS, TRAFFIC_MEANINGS),
  );
});

test("SYS-7: use cases are drawn for guest, client, agent and manager", () => {
  const diagrams = readFileSync("docs/use-cases.md", "utf8").match(/```mermaid\nflowchart/g);
  expect(diagrams).toHaveLength(2);
});

test("SYS-7: what the documents refer to exists", () => {
  const missing = ["README.md", ...listDocuments("docs")].flatMap((document) =>
    referencesOf(document)
      .filter((path) => !existsSync(path))
      .map((path) => `${document}: ${path}`),
  );
  expect(missing).toEqual([]);
});

test("SYS-7: architecture, operations and decisions are written down", () => {
  expect(listDocuments("docs")).toEqual(
    expect.arrayContaining(["docs/architecture.md", "docs/operations.md"]),
  );
  expect(listDocuments("docs/decisions").length).toBeGreaterThan(0);
});

function listDocuments(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => join(folder, name));
}

/** Relative links, without their anchors. */
function referencesOf(document: string): string[] {
  const links = readFileSync(document, "utf8").matchAll(/\]\((?![a-z]+:|#)([^)#]+)/g);
  return [...links].map(([, target]) => join(dirname(document), target ?? ""));
}

/** `npm run docs` writes the document instead of comparing. */
async function expectDocument(path: string, content: string): Promise<void> {
  const formatted = await format(content, { ...(await resolveConfig(path)), filepath: path });
  await expect(formatted, "run `npm run docs`").toMatchFileSnapshot(`../../${path}`);
}
