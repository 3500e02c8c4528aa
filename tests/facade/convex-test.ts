/**
 * The interface of the npm package `convex-test` over the embedded engine: suites written for that
 * package run against the engine when they are given this module in its place.
 */
import { randomBytes } from "node:crypto";

import type { TestConvex } from "convex-test";
import {
  actionGeneric,
  getFunctionAddress,
  mutationGeneric,
  queryGeneric,
  type FunctionReference,
  type GenericActionCtx,
  type GenericDataModel,
  type GenericMutationCtx,
  type GenericQueryCtx,
  type GenericSchema,
  type RequestMetadata,
  type SchemaDefinition,
  type UserIdentity,
} from "convex/server";
import { ConvexError, convexToJson, jsonToConvex, type Value } from "convex/values";
import { afterAll } from "vitest";

import { parseSchema } from "#embedded/database/schema.ts";
import type { ComponentPath } from "#embedded/database/types.ts";
import { failureText } from "#embedded/functions/function-failure.ts";
import type {
  ActionOutcome,
  FunctionRequest,
  Identity,
  MutationOutcome,
  QueryOutcome,
} from "#embedded/functions/types.ts";
import { canonicalPath } from "#embedded/modules/function-path.ts";
import type { RegisteredFunction } from "#embedded/runtime/realm/function-calls.ts";
import type { JsonObject } from "#embedded/values/json-value.ts";

import { HostDeployment } from "./host-deployment.ts";
import { currentFrame, installConvexGlobal } from "./host-frame.ts";
import { HostModules, type ModuleGlob } from "./host-modules.ts";
import { ThrownErrors } from "./thrown-errors.ts";

export type { TestConvex, TestConvexForDataModel, TestConvexRoot } from "convex-test";

type AnySchema = SchemaDefinition<GenericSchema, boolean>;

export interface ConvexTestOptions {
  readonly schema?: AnySchema | undefined;
  readonly modules?: ModuleGlob | undefined;
  /** Limits of each transaction, never more than Convex's, which hold in any case. */
  readonly transactionLimits?: JsonObject | boolean | undefined;
}

type Args = Record<string, unknown>;
type UdfType = "query" | "mutation" | "action";
type Outcome = QueryOutcome | MutationOutcome | ActionOutcome;
type Callable<Context> = FunctionReference<UdfType> | ((ctx: Context) => Promise<unknown>);

interface Requester {
  readonly identity: Identity | null;
  readonly ip: string | null;
  readonly userAgent: string | null;
}

const NOBODY: Requester = { identity: null, ip: null, userAgent: null };
const SITE_URL = "https://some.convex.site";

const opened: Promise<HostDeployment>[] = [];
installConvexGlobal();
afterAll(async () => {
  await Promise.allSettled(opened.map(async (deployment) => (await deployment).close()));
});

/** Like `convexTest` of `convex-test`. */
export function convexTest<Schema extends GenericSchema>(
  schema?: SchemaDefinition<Schema, boolean>,
  modules?: ModuleGlob,
): TestConvex<SchemaDefinition<Schema, boolean>>;
export function convexTest<Schema extends GenericSchema>(
  options: ConvexTestOptions & { readonly schema?: SchemaDefinition<Schema, boolean> },
): TestConvex<SchemaDefinition<Schema, boolean>>;
export function convexTest(
  schemaOrOptions: AnySchema | ConvexTestOptions = {},
  modules?: ModuleGlob,
): unknown {
  const options =
    "tables" in schemaOrOptions ? { schema: schemaOrOptions, modules } : schemaOrOptions;
  return new TestDeployment(options).accessor();
}

class TestDeployment {
  readonly #modules = new HostModules();
  readonly #thrown = new ThrownErrors();
  /** The deployment once all that was registered so far is in it. */
  #ready: Promise<HostDeployment>;

  constructor({ schema, modules, transactionLimits }: ConvexTestOptions) {
    this.#modules.register("", modules ?? import.meta.glob("/convex/**/*.*s"));
    this.#ready = HostDeployment.open({
      modules: this.#modules,
      thrown: this.#thrown,
      ...(typeof transactionLimits === "object" ? { transactionLimits } : {}),
    });
    opened.push(this.#ready);
    this.#applySchema("", schema);
  }

  accessor() {
    return {
      ...this.#accessorFor(NOBODY),
      registerComponent: (path: ComponentPath, schema: AnySchema, glob: ModuleGlob) => {
        this.#modules.register(path, glob);
        this.#applySchema(path, schema);
      },
    };
  }

  #accessorFor(requester: Requester) {
    return {
      query: (query: Callable<GenericQueryCtx<GenericDataModel>>, args?: Args) =>
        this.#call(requester, "query", query, args),
      mutation: (mutation: Callable<GenericMutationCtx<GenericDataModel>>, args?: Args) =>
        this.#call(requester, "mutation", mutation, args),
      action: (action: Callable<GenericActionCtx<GenericDataModel>>, args?: Args) =>
        this.#call(requester, "action", action, args),
      run: (task: (ctx: GenericMutationCtx<GenericDataModel>) => Promise<unknown>) =>
        this.#call(requester, "mutation", task),
      fetch: (path: string, init?: RequestInit) => this.#fetch(requester, path, init),
      finishInProgressScheduledFunctions: async () => (await this.#ready).jobs.finishRunning(),
      finishAllScheduledFunctions: async (advanceTimers: () => void, maxIterations = 100) =>
        (await this.#ready).jobs.finishAll(advanceTimers, maxIterations),
      withIdentity: (identity: Partial<UserIdentity>): unknown =>
        this.#accessorFor({ ...requester, identity: identityOf(identity) }),
      withRequestMetadata: ({ ip, userAgent }: Partial<RequestMetadata>): unknown =>
        this.#accessorFor({ ...requester, ip: ip ?? null, userAgent: userAgent ?? null }),
    };
  }

  async #call(
    requester: Requester,
    type: UdfType,
    callable: Callable<never>,
    args: Args = {},
  ): Promise<unknown> {
    const argsJson = convexToJson(args as Value);
    const address =
      typeof callable === "function"
        ? { name: this.#modules.addInline(registered(type, callable)) }
        : getFunctionAddress(callable);
    const frame = currentFrame();
    if (frame?.isTransaction === true && type !== "action") {
      const call = JSON.stringify({ udfType: type, ...address, args: argsJson });
      return jsonToConvex(JSON.parse(await frame.asyncSyscall("1.0/runUdf", call)) as null);
    }
    const target = this.#modules.pathOf("", address);
    if (target === null) throw new Error(`No function has the address ${JSON.stringify(address)}.`);
    const request: FunctionRequest = {
      componentPath: target.componentPath,
      path: canonicalPath(target),
      argsJson: JSON.stringify([argsJson]),
      ...callerOf(requester),
    };
    const outcome = await run(await this.#ready, type, request);
    const thrown = this.#thrown.take(request.metadata.requestId);
    if (!outcome.ok && thrown !== null) throw thrown.error;
    return resultOf(outcome);
  }

  async #fetch(requester: Requester, path: string, init?: RequestInit): Promise<Response> {
    if (!path.startsWith("/")) throw new Error("Path given to `t.fetch` must start with a `/`");
    const { caller, metadata } = callerOf(requester);
    return (await this.#ready).fetch(new Request(SITE_URL + path, init), caller, metadata);
  }

  /** @throws DatabaseError for a schema that a deploy would refuse. */
  #applySchema(componentPath: ComponentPath, schema: AnySchema | undefined): void {
    if (schema === undefined) return;
    const schemaJson = exportSchema(schema);
    parseSchema(schemaJson);
    this.#ready = this.#ready.then(async (deployment) => {
      await deployment.applySchema(componentPath, schemaJson);
      return deployment;
    });
    this.#ready.catch(() => undefined);
  }
}

function run(deployment: HostDeployment, type: UdfType, request: FunctionRequest) {
  switch (type) {
    case "query":
      return deployment.runQuery(request);
    case "mutation":
      return deployment.runMutation(request);
    case "action":
      return deployment.runAction(request);
  }
}

/** The value, or the failure in the engine's words. */
function resultOf(outcome: Outcome): Value {
  if (outcome.ok) return jsonToConvex(JSON.parse(outcome.valueJson) as null);
  const message = failureText(outcome).replace(/^Server Error\n/, "");
  if (outcome.errorDataJson === undefined) throw new Error(message);
  const data = jsonToConvex(JSON.parse(outcome.errorDataJson) as null);
  throw Object.assign(new ConvexError(data), { message });
}

function registered(type: UdfType, handler: (ctx: never) => Promise<unknown>): RegisteredFunction {
  const definition = { handler: handler as () => Promise<never> };
  const wrap = { query: queryGeneric, mutation: mutationGeneric, action: actionGeneric }[type];
  return wrap(definition);
}

/** Tests may call internal functions. */
function callerOf({ identity, ip, userAgent }: Requester) {
  return {
    caller: { kind: "admin", actingAs: identity } as const,
    metadata: { requestId: randomBytes(8).toString("hex"), ip, userAgent },
  };
}

/** What `convex-test` fills in for attributes that are not given. */
function identityOf(given: Partial<UserIdentity>): Identity {
  const subject = given.subject ?? simpleHash(JSON.stringify(given)).toString();
  const issuer = given.issuer ?? "https://convex.test";
  const tokenIdentifier = given.tokenIdentifier ?? `${issuer}|${subject}`;
  const attributes = { ...given, subject, issuer, tokenIdentifier };
  return { tokenIdentifier, attributesJson: JSON.stringify(attributes), expiresAt: null };
}

function simpleHash(text: string): number {
  let hash = 0;
  for (const character of text) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) | 0;
  return hash;
}

/** What the `export()` that its type hides gives: JSON text. */
function exportSchema(schema: AnySchema): string {
  return (schema as unknown as { export(): string }).export();
}
