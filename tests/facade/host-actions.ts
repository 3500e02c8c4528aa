/** Actions and HTTP actions of the host, with the engine's side of their syscalls. */
import {
  getBlob,
  runActionSyscall,
  storeBlob,
  type ActionContext,
  type ActionServices,
} from "#embedded/functions/action-syscalls.ts";
import { functionFailure } from "#embedded/functions/function-failure.ts";
import { mayCallInternal, requirePath } from "#embedded/functions/run-request.ts";
import type { ActionOutcome, FunctionRequest } from "#embedded/functions/types.ts";
import type { FunctionPath } from "#embedded/modules/function-path.ts";
import type { HttpRouter } from "#embedded/runtime/actions/http-responder.ts";
import { FunctionError } from "#embedded/runtime/function-error.ts";
import {
  checkArgs,
  checkResult,
  requireCallable,
  tableLookup,
} from "#embedded/runtime/function-info.ts";
import { describeThrown } from "#embedded/runtime/realm/function-calls.ts";
import { parseSyscallArgs } from "#embedded/runtime/syscalls/syscall-table.ts";

import { runInFrame, syscallError, type HostFrame } from "./host-frame.ts";
import type { HostModules } from "./host-modules.ts";
import { hostError, type ThrownErrors } from "./thrown-errors.ts";

const HTTP_PATH: FunctionPath = { componentPath: "", module: "http.js", exportName: "default" };

export class HostActions {
  readonly #modules: HostModules;
  readonly #services: ActionServices;
  readonly #thrown: ThrownErrors;

  constructor(modules: HostModules, services: ActionServices, thrown: ThrownErrors) {
    this.#modules = modules;
    this.#services = services;
    this.#thrown = thrown;
  }

  async run(request: FunctionRequest): Promise<ActionOutcome> {
    const { requestId } = request.metadata;
    try {
      return { ok: true, valueJson: await this.#run(requirePath(request), request), logLines: [] };
    } catch (error) {
      if (!(error instanceof FunctionError)) throw error;
      this.#thrown.note(requestId, error);
      return functionFailure(error, requestId, []);
    }
  }

  /** Routes like the engine. What the handler throws is the caller's to catch. */
  async fetch(request: Request, caller: ActionContext["request"]): Promise<Response> {
    await this.#modules.load(HTTP_PATH);
    const router = this.#modules.defaultOf("", HTTP_PATH.module) as HttpRouter | undefined;
    if (router === undefined) {
      const text = "This Convex deployment does not have HTTP actions enabled.";
      return new Response(text, { status: 404 });
    }
    const { pathname } = new URL(request.url);
    const handler = router.lookup(pathname, request.method)?.[0];
    if (handler?.invokeHttpAction === undefined) {
      return new Response("No matching routes found", { status: 404 });
    }
    const invoke = handler.invokeHttpAction.bind(handler);
    const frame = this.#frame(HTTP_PATH, caller);
    return await runInFrame(frame, () => invoke(request));
  }

  async #run(path: FunctionPath, request: FunctionRequest): Promise<string> {
    const { database } = this.#services;
    await this.#modules.load(path);
    const info = requireCallable(
      path,
      this.#modules.infoOf(path),
      "action",
      mayCallInternal(request),
    );
    const lookup = () => tableLookup(database.begin(), path.componentPath);
    const args = checkArgs(path, info, request.argsJson, lookup(), { commitTs: false });
    const text = await this.#invoke(path, request, args);
    return checkResult(path, info, text, lookup(), { commitTs: "unknown" });
  }

  async #invoke(path: FunctionPath, request: FunctionRequest, args: string): Promise<string> {
    const registered = this.#modules.functionAt(path);
    try {
      const invoke = registered?.invokeAction?.bind(registered);
      if (invoke === undefined) throw new Error("The module has no such action.");
      const { requestId } = request.metadata;
      return await runInFrame(this.#frame(path, request), () => invoke(requestId, args));
    } catch (thrown) {
      throw hostError(describeThrown(thrown), thrown);
    }
  }

  #frame(path: FunctionPath, request: ActionContext["request"]): HostFrame {
    const context = { path, request, authError: null };
    return new ActionFrame(this.#modules, this.#services, context);
  }
}

class ActionFrame implements HostFrame {
  readonly isTransaction = false;
  readonly #modules: HostModules;
  readonly #services: ActionServices;
  readonly #context: ActionContext;

  constructor(modules: HostModules, services: ActionServices, context: ActionContext) {
    this.#modules = modules;
    this.#services = services;
    this.#context = context;
  }

  syscall(op: string): never {
    throw new Error(`Unknown operation ${op}`);
  }

  asyncSyscall(op: string, json: string): Promise<string> {
    return answer(async () => {
      const args = parseSyscallArgs(json);
      const target = this.#modules.pathOf(this.#context.path.componentPath, args);
      if (target !== null) await this.#modules.load(target);
      return await runActionSyscall(this.#services, this.#context, op, args);
    });
  }

  async jsSyscall(op: string, args: Readonly<Record<string, unknown>>): Promise<unknown> {
    if (op === "storage/storeBlob") return await this.#storeBlob(args);
    if (op !== "storage/getBlob") throw new Error(`Unknown operation ${op}`);
    const blob = await answer(() =>
      getBlob(this.#services, this.#context, String(args["storageId"])),
    );
    return blob === null ? null : new Blob([blob.bytes], { type: blob.contentType });
  }

  async #storeBlob({ blob, options }: Readonly<Record<string, unknown>>): Promise<unknown> {
    if (!(blob instanceof Blob)) throw new Error("store() expects a Blob.");
    const { sha256 } = (options ?? {}) as { readonly sha256?: string };
    const wire = { bytes: await blob.arrayBuffer(), contentType: blob.type };
    const json = await answer(() => storeBlob(this.#services, this.#context, wire, sha256 ?? null));
    return JSON.parse(json) as unknown;
  }
}

/** Refusals as an action sees them. */
async function answer<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof FunctionError)) throw error;
    const { message, dataJson } = error;
    throw syscallError({
      message,
      ...(dataJson === null ? {} : { data: JSON.parse(dataJson) as unknown }),
    });
  }
}
