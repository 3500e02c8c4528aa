/** Really started deployments for tests, filled through the same endpoints as the command line's. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { pino } from "pino";

import { startBackend, type Backend } from "./backend.ts";
import type { TestSources } from "./functions/test-deployment.ts";
import { parseTrafficLimits } from "./lib/traffic-limits.ts";
import { GENERATED, pushRequest } from "./test-project.ts";

export interface TestBackend extends Backend {
  readonly url: string;
  readonly folder: string;
  /** Moves the deployment's time ahead of the machine's. */
  readonly clock: { offsetMs: number };
  /** Pushes modules by path; `schema` and `auth.config` are what they are in a project. */
  deploy(sources: TestSources): Promise<void>;
  setVariables(variables: Readonly<Record<string, string | null>>): Promise<void>;
  /** Calls any function as an admin. */
  run(path: string, args?: object): Promise<unknown>;
  /** POSTs JSON; returns the status and the parsed answer. */
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<JsonAnswer>;
  /** Closes it and starts it again on the same folder, on another port. */
  restart(): Promise<TestBackend>;
  /** Closes it and deletes its folder. */
  dispose(): Promise<void>;
}

interface JsonAnswer {
  readonly status: number;
  readonly body: unknown;
}

export interface TestBackendOptions {
  readonly folder?: string;
  readonly clock?: { offsetMs: number };
  /** As for `--limit`, such as `queries=4`. */
  readonly limits?: readonly string[];
  readonly exposesDetails?: boolean;
  /** Whose `X-Forwarded-For` is believed. */
  readonly trustedProxies?: readonly string[];
}

export async function startTestBackend(options: TestBackendOptions = {}): Promise<TestBackend> {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), "backend-"));
  const log = pino({ level: process.env["TEST_LOG"] ?? "silent" });
  const clock = options.clock ?? { offsetMs: 0 };
  const now = () => Date.now() + clock.offsetMs;
  const limits = parseTrafficLimits(options.limits ?? []);
  const exposesDetails = options.exposesDetails ?? true;
  const { trustedProxies = [] } = options;
  const backend = await startBackend({
    folder,
    port: 0,
    log,
    now,
    limits,
    exposesDetails,
    trustedProxies,
  });
  const { url, adminKey } = backend;
  if (url === null) throw new Error("The backend does not listen.");
  const postAdmin = (path: string, body: unknown) => postAsAdmin(url, adminKey, path, body);

  return {
    ...backend,
    url,
    folder,
    clock,
    post: (path, body, headers) => postJson(url + path, body, headers),
    deploy: (sources) => pushTo(url, adminKey, sources),
    async setVariables(variables) {
      const changes = Object.entries(variables).map(([name, value]) => ({ name, value }));
      await postAdmin("/api/update_environment_variables", { changes });
    },
    async run(path, args = {}) {
      const answer = (await postAdmin("/api/function", { path, args })) as {
        readonly value?: unknown;
        readonly errorMessage?: string;
      };
      if (answer.errorMessage !== undefined) throw new Error(answer.errorMessage);
      return answer.value;
    },
    async restart() {
      await backend.close();
      return startTestBackend({ ...options, folder, clock });
    },
    async dispose() {
      await backend.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Pushes modules as the command line does. */
export async function pushTo(url: string, adminKey: string, sources: TestSources): Promise<void> {
  await finishPush(url, adminKey, await startPush(url, adminKey, sources));
}

/** The first step of a push; indexes are being built when it resolves. Its result is for the last one. */
export async function startPush(
  url: string,
  adminKey: string,
  sources: TestSources,
): Promise<unknown> {
  return postAsAdmin(url, adminKey, "/api/deploy2/start_push", await pushRequest(sources));
}

/** Resolves when indexes are built and rows are checked. */
export async function waitForSchema(
  url: string,
  adminKey: string,
  started: unknown,
): Promise<void> {
  const { schemaChange } = started as { readonly schemaChange: unknown };
  const status = await postAsAdmin(url, adminKey, "/api/deploy2/wait_for_schema", { schemaChange });
  if ((status as { type: string }).type !== "complete") throw new Error(JSON.stringify(status));
}

export async function finishPush(url: string, adminKey: string, started: unknown): Promise<void> {
  await waitForSchema(url, adminKey, started);
  await postAsAdmin(url, adminKey, "/api/deploy2/finish_push", { startPush: started });
}

async function postAsAdmin(
  url: string,
  adminKey: string,
  path: string,
  body: unknown,
): Promise<unknown> {
  const answer = await postJson(url + path, body, { Authorization: `Convex ${adminKey}` });
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  return answer.body;
}

async function postJson(
  address: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<JsonAnswer> {
  const response = await fetch(address, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, body: text === "" ? null : (JSON.parse(text) as unknown) };
}

/**
 * The functions of a project below `tests/fixtures` and of the components in it, with what code
 * generation would add.
 */
export function fixtureSources(name: string): TestSources {
  const folder = fileURLToPath(new URL(`../tests/fixtures/${name}/convex/`, import.meta.url));
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const sources = new Map<string, string>(Object.entries(GENERATED));
  for (const file of files.filter((candidate) => candidate.endsWith(".ts"))) {
    sources.set(file.replace(/\.ts$/, ""), readFileSync(join(folder, file), "utf8"));
  }
  return Object.fromEntries(sources);
}
