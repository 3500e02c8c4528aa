import { FUNCTION_LIMITS } from "../lib/limits.ts";
import { readVariables } from "../modules/environment-variables.ts";
import type { CodeCache, CodeSnapshot } from "../modules/code-cache.ts";
import type { FunctionDirectory } from "../modules/function-directory.ts";
import { displayPath, type FunctionPath } from "../modules/function-path.ts";
import { routeRequest } from "../modules/http-routing.ts";
import type { ActionPool } from "../runtime/actions/action-pool.ts";
import type { WireRequest, WireResponse } from "../runtime/actions/action-protocol.ts";
import { FunctionError } from "../runtime/function-error.ts";
import {
  checkArgs,
  checkResult,
  functionInfo,
  functionNotFound,
  requireCallable,
  tableLookup,
  type FunctionInfo,
} from "../runtime/function-info.ts";
import { ActionSession, type ActionCode } from "./action-session.ts";
import type { ActionServices } from "./action-syscalls.ts";
import { functionFailure } from "./function-failure.ts";
import { mayCallInternal, requirePath } from "./run-request.ts";
import type {
  ActionOutcome,
  Caller,
  FunctionRequest,
  HttpActionEnd,
  RequestMetadata,
} from "./types.ts";

export interface ActionRunnerOptions {
  readonly codeCache: CodeCache;
  readonly pool: ActionPool;
  readonly services: ActionServices;
  /** Whether clients of an HTTP action that failed are told how and where. */
  readonly exposesDetails: boolean;
}

const TIME_LIMITS = {
  isolate: FUNCTION_LIMITS.actionTimeMs,
  node: FUNCTION_LIMITS.nodeActionTimeMs,
};
const HTTP_HANDLER = { module: "http.js", exportName: "default" };
const NO_HTTP_TEXT = "This Convex deployment does not have HTTP actions enabled.";

/** Runs actions and HTTP actions in worker threads. */
export class ActionRunner {
  readonly #codeCache: CodeCache;
  readonly #pool: ActionPool;
  readonly #services: ActionServices;
  readonly #exposesDetails: boolean;

  constructor({ codeCache, pool, services, exposesDetails }: ActionRunnerOptions) {
    this.#exposesDetails = exposesDetails;
    this.#codeCache = codeCache;
    this.#pool = pool;
    this.#services = services;
  }

  async run(request: FunctionRequest): Promise<ActionOutcome> {
    const { requestId } = request.metadata;
    let session: ActionSession | null = null;
    try {
      const path = requirePath(request);
      const code = await this.#loadCode();
      if (code === null) throw functionNotFound(displayPath(path));
      const found = code.snapshot.findFunction(path);
      const info = requireCallable(
        path,
        found === null ? null : functionInfo(found),
        "action",
        mayCallInternal(request),
      );
      const argsJson = this.#checkArgs(path, info, request, code.snapshot);
      const { componentPath, module, exportName } = path;
      session = new ActionSession(
        { kind: "action", componentPath, module, exportName, argsJson, requestId },
        {
          pool: this.#pool,
          services: this.#services,
          code,
          context: { path, request, authError: null },
          timeLimit: TIME_LIMITS[environmentOf(code.snapshot, path)],
        },
      );
      const text = await session.result;
      const lookup = tableLookup(this.#services.database.begin(), componentPath);
      const valueJson = checkResult(path, info, text, lookup, { commitTs: "unknown" });
      return { ok: true, valueJson, logLines: session.logs.lines };
    } catch (error) {
      if (!(error instanceof FunctionError)) throw error;
      return functionFailure(error, requestId, session?.logs.lines ?? []);
    }
  }

  /** Where the functions of the latest code are; `null` before the first push. */
  async directory(): Promise<FunctionDirectory | null> {
    return await this.#codeCache.load(this.#services.database.begin());
  }

  /** What a function is at the latest timestamp, whoever may call it; `null` when there is none. */
  async describe(path: FunctionPath): Promise<FunctionInfo | null> {
    const found = (await this.directory())?.findFunction(path) ?? null;
    return found === null ? null : functionInfo(found);
  }

  /**
   * `onEnded` is called when the response has been read to its end, or will not be; with `null` when
   * no function answers at this address.
   */
  async runHttp(
    request: Request,
    auth: { readonly caller: Caller } | { readonly error: string },
    metadata: RequestMetadata,
    onEnded: (end: HttpActionEnd | null) => void,
  ): Promise<Response> {
    const code = await this.#loadCode();
    const { pathname } = new URL(request.url);
    const routed = code === null ? null : routeRequest(code.snapshot, pathname, request.method);
    if (code === null || routed === null) {
      onEnded(null);
      return new Response(NO_HTTP_TEXT, { status: 404 });
    }
    const { componentPath, routedPath } = routed;
    const caller: Caller = "caller" in auth ? auth.caller : { kind: "client", identity: null };
    const context = {
      path: { componentPath, ...HTTP_HANDLER },
      request: { caller, metadata },
      authError: "error" in auth ? auth.error : null,
    };
    const wire = await wireRequest(request);
    return await new Promise((resolve, reject) => {
      const body = new ResponseBody();
      const session: ActionSession = new ActionSession(
        { kind: "http", componentPath, request: wire, routedPath },
        {
          pool: this.#pool,
          services: this.#services,
          code,
          context,
          timeLimit: TIME_LIMITS.isolate,
          onHead: (head) => resolve(responseOf(head, request.method, body, session)),
          onChunk: (bytes) => body.push(bytes),
        },
      );
      session.result.then(
        () => {
          body.push(null);
          onEnded({ error: null, logLines: session.logs.lines });
        },
        (error: unknown) => {
          const message = error instanceof Error ? error.message : String(error);
          onEnded({ error: message, logLines: session.logs.lines });
          if (body.fail(error)) return;
          if (error instanceof FunctionError) resolve(this.#errorResponse(error, metadata));
          else reject(new Error("The HTTP action failed in the engine.", { cause: error }));
        },
      );
    });
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  /** What a client of an HTTP action gets for an error that the action did not catch. */
  #errorResponse({ message, dataJson }: FunctionError, { requestId }: RequestMetadata): Response {
    const [firstLine = ""] = message.split("\n");
    const heading = `[Request ID: ${requestId}] Server Error`;
    const body = {
      code: this.#exposesDetails ? `${heading}: ${firstLine}` : heading,
      ...(this.#exposesDetails ? { trace: message } : {}),
      ...(dataJson === null ? {} : { data: JSON.parse(dataJson) as unknown }),
    };
    return Response.json(body, { status: 500 });
  }

  async #loadCode(): Promise<ActionCode | null> {
    const transaction = this.#services.database.begin();
    const snapshot = await this.#codeCache.load(transaction);
    if (snapshot === null) return null;
    return { snapshot, variables: readVariables(transaction) };
  }

  #checkArgs(
    path: FunctionPath,
    info: FunctionInfo,
    { argsJson }: FunctionRequest,
    snapshot: CodeSnapshot,
  ): string {
    const lookup = tableLookup(this.#services.database.begin(), path.componentPath);
    const checked = checkArgs(path, info, argsJson, lookup, { commitTs: false });
    const { nodeArgsBytes } = FUNCTION_LIMITS;
    if (environmentOf(snapshot, path) === "node" && checked.length > nodeArgsBytes.max) {
      throw new FunctionError(nodeArgsBytes.text());
    }
    return checked;
  }
}

/** A response body that is asked for piece by piece. */
class ResponseBody {
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  #isClosed = false;

  open(pull: () => void, cancel: () => void): ReadableStream<Uint8Array> {
    return new ReadableStream(
      { start: (controller) => void (this.#controller = controller), pull, cancel },
      { highWaterMark: 1 },
    );
  }

  push(bytes: Uint8Array | null): void {
    if (this.#controller === null || this.#isClosed) return;
    if (bytes !== null) {
      this.#controller.enqueue(bytes);
      return;
    }
    this.#isClosed = true;
    this.#controller.close();
  }

  /** `false` when no response has begun that could fail. */
  fail(error: unknown): boolean {
    if (this.#controller === null) return false;
    if (!this.#isClosed) this.#controller.error(error);
    this.#isClosed = true;
    return true;
  }
}

function environmentOf(snapshot: CodeSnapshot, path: FunctionPath): "isolate" | "node" {
  return snapshot.module(path.componentPath, path.module)?.environment ?? "isolate";
}

async function wireRequest(request: Request): Promise<WireRequest> {
  return {
    method: request.method,
    url: request.url,
    headers: [...request.headers],
    body: request.body === null ? null : await request.arrayBuffer(),
  };
}

const BODILESS_STATUS = new Set([101, 204, 205, 304]);

/** The response as far as it is known: what follows of its body is asked for as it is read. */
function responseOf(
  { status, headers, hasBody }: WireResponse,
  method: string,
  body: ResponseBody,
  session: ActionSession,
): Response {
  const abandon = () => session.abandon("The response was not read to its end.");
  const isBodyWanted = method !== "HEAD" && !BODILESS_STATUS.has(status);
  const stream = hasBody && isBodyWanted ? body.open(() => session.pull(), abandon) : null;
  if (hasBody && stream === null) abandon();
  return new Response(stream, {
    status,
    headers: headers.map(([name, value]): [string, string] => [name, value]),
  });
}
