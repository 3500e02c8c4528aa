import type { HttpReply, HttpRequest } from "../http.ts";
import type { Contract, OperationId } from "./contract.ts";
import { Idempotency } from "./idempotency.ts";
import { newDebugId } from "./identifiers.ts";
import type { Ledger } from "./ledger.ts";
import type { OAuth } from "./oauth.ts";
import { PayPalProblem, type ProblemDetail } from "./problems.ts";
import { undocumentedHeaders } from "../request-headers.ts";
import type { Settings } from "./settings.ts";

/** A request that passed the contract. */
export interface ApiCall {
  /** The id in the path, or `""`. */
  readonly id: string;
  readonly body: unknown;
  readonly rawBody: string;
  readonly query: URLSearchParams;
  readonly wantsRepresentation: boolean;
  readonly now: number;
}

/** What an operation does: read, change once per request id, or change without an answer body. */
export type Operation =
  | { readonly kind: "read"; readonly status: 200 | 202; readonly run: (call: ApiCall) => unknown }
  | { readonly kind: "command"; readonly run: (call: ApiCall) => void }
  | {
      readonly kind: "creation";
      readonly replayStatus: 200 | 201;
      /** Has the effect; returns the id of what it made. */
      readonly run: (call: ApiCall) => string;
      readonly show: (id: string, call: ApiCall) => unknown;
      /** How the connection breaks after the effect, once. */
      readonly breakage?: () => "timeout" | "drop" | null;
    };

export type Operations = Readonly<Record<OperationId, Operation>>;

/** One line of the log of calls. */
export interface CallRecord {
  readonly at: number;
  readonly method: string;
  readonly path: string;
  readonly requestId: string | null;
  readonly status: number;
  readonly issues: readonly string[];
  readonly debugId: string;
}

const MAX_CALLS_KEPT = 200;

interface Route {
  readonly id: OperationId;
  readonly method: string;
  readonly pattern: RegExp;
}

interface Result {
  readonly status: number;
  readonly body: unknown;
  readonly breakage: "timeout" | "drop" | null;
}

/**
 * PayPal's REST API: authorisation, the contract on the way in, request ids, the operation, the
 * contract on the way out. An answer of ours that breaks the contract becomes a logged 500.
 */
export class PayPalApi {
  readonly calls: CallRecord[] = [];
  readonly #contract: Contract;
  readonly #operations: Operations;
  readonly #oauth: OAuth;
  readonly #settings: () => Settings;
  readonly #idempotency: Idempotency;
  readonly #routes: readonly Route[];
  readonly #log: (line: string) => void;

  constructor(options: {
    readonly contract: Contract;
    readonly ledger: Ledger;
    readonly operations: Operations;
    readonly oauth: OAuth;
    readonly settings: () => Settings;
    readonly log: (line: string) => void;
  }) {
    this.#contract = options.contract;
    this.#operations = options.operations;
    this.#oauth = options.oauth;
    this.#settings = options.settings;
    this.#log = options.log;
    this.#idempotency = new Idempotency(options.ledger, options.contract);
    this.#routes = operationIds(options.operations).map((id) => {
      const { method, path } = options.contract.operation(id);
      return { id, method, pattern: new RegExp(`^${path.replace(/\{\w+\}/g, "([^/]+)")}$`) };
    });
  }

  async handle(request: HttpRequest): Promise<HttpReply> {
    const debugId = newDebugId();
    const result = await this.#resultOf(request, debugId);
    const reply = this.#reply(result, debugId);
    this.#record(request, result, debugId);
    return reply;
  }

  async #resultOf(request: HttpRequest, debugId: string): Promise<Result> {
    const route = this.#routes.find(
      ({ method, pattern }) => method === request.method && pattern.test(request.path),
    );
    try {
      if (route === undefined) throw new PayPalProblem(404);
      const result = await this.#answer(route, request);
      this.#requireDocumented(route.id, result.status, result.body);
      return result;
    } catch (error) {
      if (!(error instanceof PayPalProblem)) {
        this.#log(
          `PayPal stand-in: ${error instanceof Error ? (error.stack ?? "") : String(error)}`,
        );
        return problemResult(new PayPalProblem(500), debugId);
      }
      const result = problemResult(error, debugId);
      const faults =
        route === undefined
          ? []
          : this.#contract.checkResponse(route.id, result.status, result.body);
      for (const fault of faults) this.#log(`PayPal stand-in departs from the contract: ${fault}`);
      return faults.length > 0 ? problemResult(new PayPalProblem(500), debugId) : result;
    }
  }

  async #answer(route: Route, request: HttpRequest): Promise<Result> {
    if (!this.#oauth.isAuthorized(request.headers.get("authorization"), Date.now())) {
      throw new PayPalProblem(401);
    }
    const call = this.#parse(route, request);
    const operation = this.#operations[route.id];
    const { latencyMs } = this.#settings();
    if (operation.kind === "creation") return this.#create(route.id, operation, call, request);
    await wait(latencyMs);
    if (operation.kind === "command") {
      operation.run(call);
      return { status: 204, body: undefined, breakage: null };
    }
    return { status: operation.status, body: operation.run(call), breakage: null };
  }

  async #create(
    id: OperationId,
    operation: Extract<Operation, { kind: "creation" }>,
    call: ApiCall,
    request: HttpRequest,
  ): Promise<Result> {
    const identified = {
      operation: id,
      requestId: request.headers.get("paypal-request-id") ?? "",
      path: request.path,
      body: call.body,
    };
    const { resourceId, isReplay } = await this.#idempotency.once(
      identified,
      () => Date.now(),
      async () => {
        await wait(this.#settings().latencyMs);
        return operation.run({ ...call, now: Date.now() });
      },
    );
    return {
      status: isReplay ? operation.replayStatus : 201,
      body: operation.show(resourceId, call),
      breakage: isReplay ? null : (operation.breakage?.() ?? null),
    };
  }

  #parse(route: Route, request: HttpRequest): ApiCall {
    const [, encodedId = ""] = route.pattern.exec(request.path) ?? [];
    const id = decode(encodedId);
    this.#requireHeaders(route.id, request);
    const hasBody = request.method === "POST" || request.method === "PATCH";
    if (hasBody && !isJson(request.headers.get("content-type"))) throw new PayPalProblem(415);
    const details = this.#contract.checkParameters(route.id, {
      header: (name) => request.headers.get(name.toLowerCase()),
      query: (name) => request.query.get(name) ?? undefined,
      path: () => id,
    });
    const body = this.#parseBody(route.id, request);
    if (body !== undefined) details.push(...this.#contract.checkRequestBody(route.id, body));
    else if (this.#contract.operation(route.id).isBodyRequired) {
      details.push({
        field: "/",
        location: "body",
        ...this.#contract.describe(route.id, 400, ["MISSING_REQUIRED_PARAMETER"]),
      });
    }
    if (details.length > 0) throw new PayPalProblem(400, details);
    return {
      id,
      body,
      rawBody: request.body.toString("utf8"),
      query: request.query,
      wantsRepresentation: request.headers.get("prefer") === "return=representation",
      now: Date.now(),
    };
  }

  #requireHeaders(id: OperationId, request: HttpRequest): void {
    const { parameters } = this.#contract.operation(id);
    const named = (place: string) =>
      parameters.filter((parameter) => parameter.in === place).map((parameter) => parameter.name);
    const refuse = (location: "header" | "query") => (field: string) => ({
      field,
      location,
      ...this.#contract.describe(id, 400, [
        "NOT_SUPPORTED",
        "INVALID_PARAMETER_VALUE",
        "INVALID_PARAMETER_SYNTAX",
      ]),
    });
    const details: ProblemDetail[] = [
      ...undocumentedHeaders(request.headers, named("header")).map(refuse("header")),
      ...[...request.query.keys()]
        .filter((name) => !named("query").includes(name))
        .map(refuse("query")),
    ];
    const prefer = request.headers.get("prefer");
    if (prefer !== undefined && !/^return=(minimal|representation)$/.test(prefer)) {
      const issues = ["INVALID_PARAMETER_VALUE", "INVALID_PARAMETER_SYNTAX"];
      details.push({
        field: "Prefer",
        value: prefer,
        location: "header",
        ...this.#contract.describe(id, 400, issues),
      });
    }
    if (details.length > 0) throw new PayPalProblem(400, details);
  }

  /** `undefined` for an empty body. */
  #parseBody(id: OperationId, request: HttpRequest): unknown {
    if (request.body.length === 0) return undefined;
    try {
      return JSON.parse(request.body.toString("utf8"));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      const issues = ["MALFORMED_REQUEST_JSON", "INVALID_PARAMETER_SYNTAX"];
      throw new PayPalProblem(400, [
        { field: "/", location: "body", ...this.#contract.describe(id, 400, issues) },
      ]);
    }
  }

  #requireDocumented(id: OperationId, status: number, body: unknown): void {
    const faults = this.#contract.checkResponse(id, status, body);
    if (faults.length > 0) throw new Error(`departs from the contract: ${faults.join("; ")}`);
  }

  #reply(result: Result, debugId: string): HttpReply {
    if (result.breakage === "drop") {
      return { status: result.status, takeOver: (response) => response.destroy() };
    }
    if (result.breakage === "timeout") {
      return { status: result.status, takeOver: () => undefined };
    }
    return {
      status: result.status,
      headers: { "content-type": "application/json", "paypal-debug-id": debugId },
      ...(result.body !== undefined && { body: JSON.stringify(result.body) }),
    };
  }

  #record(request: HttpRequest, result: Result, debugId: string): void {
    this.calls.push({
      at: Date.now(),
      method: request.method,
      path: request.path,
      requestId: request.headers.get("paypal-request-id") ?? null,
      status: result.status,
      issues: issuesOf(result.body),
      debugId,
    });
    if (this.calls.length > MAX_CALLS_KEPT) this.calls.shift();
  }
}

function operationIds(operations: Operations): OperationId[] {
  return Object.keys(operations).filter((id): id is OperationId => id in operations);
}

function problemResult(problem: PayPalProblem, debugId: string): Result {
  return { status: problem.status, body: problem.toBody(debugId), breakage: null };
}

function issuesOf(body: unknown): string[] {
  if (typeof body !== "object" || body === null || !("details" in body)) return [];
  return Array.isArray(body.details)
    ? body.details.map((detail: ProblemDetail) => detail.issue)
    : [];
}

function isJson(contentType: string | undefined): boolean {
  return /^application\/json\s*(;|$)/i.test(contentType ?? "");
}

/** A path segment that is no valid encoding stays as it is and names nothing. */
function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (error) {
    if (error instanceof URIError) return segment;
    throw error;
  }
}

function wait(ms: number): Promise<void> {
  if (ms === 0) return Promise.resolve();
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
