import { commitWrites } from "../database/commit-writes.ts";
import type { Database } from "../database/types.ts";
import type { FunctionDirectory } from "../modules/function-directory.ts";
import { canonicalPath, displayPath, type FunctionPath } from "../modules/function-path.ts";
import { createHandle, requireFunction } from "../runtime/function-addresses.ts";
import { FunctionError } from "../runtime/function-error.ts";
import { findFile, insertFile, sha256Base64 } from "../runtime/file-records.ts";
import { insertJob } from "../runtime/job-records.ts";
import type { BlobStore, Clock, DeploymentInfo, UploadTokens } from "../runtime/services.ts";
import type { WireBlob } from "../runtime/actions/action-protocol.ts";
import { DEPLOYMENT_CLASS } from "../runtime/syscalls/meta-syscalls.ts";
import {
  cancelOwnJob,
  isJobCanceled,
  parseJobRequest,
} from "../runtime/syscalls/scheduler-syscalls.ts";
import {
  deleteStoredFile,
  requireDigest,
  storageIdArg,
  storageMetadata,
  storageUrl,
} from "../runtime/syscalls/storage-syscalls.ts";
import { textArg, valueArg } from "../runtime/syscalls/syscall-context.ts";
import { vectorSearch } from "../runtime/vector-search.ts";
import type { JsonObject } from "../values/json-value.ts";
import { failureText } from "./function-failure.ts";
import { identityOf } from "./run-request.ts";
import type {
  ActionOutcome,
  Caller,
  FunctionRequest,
  MutationOutcome,
  QueryOutcome,
} from "./types.ts";

/** What actions can ask of the engine. */
export interface ActionServices {
  readonly database: Database;
  readonly clock: Clock;
  readonly deployment: DeploymentInfo;
  readonly blobs: BlobStore;
  readonly uploadTokens: UploadTokens;
  runQuery(request: FunctionRequest): Promise<QueryOutcome>;
  runMutation(request: FunctionRequest): Promise<MutationOutcome>;
  runAction(request: FunctionRequest): Promise<ActionOutcome>;
  /** Where the functions of the latest code are; `null` when there is none. */
  directory(): Promise<FunctionDirectory | null>;
}

/** The action that asks. */
export interface ActionContext {
  readonly path: FunctionPath;
  readonly request: Pick<FunctionRequest, "caller" | "metadata">;
  /** Why the caller's Authorization header was unusable, to be said when the identity is asked for. */
  readonly authError: string | null;
}

type ActionSyscall = (
  services: ActionServices,
  context: ActionContext,
  args: JsonObject,
) => Promise<string> | string;

const SYSCALLS = new Map<string, ActionSyscall>(
  Object.entries({
    "1.0/actions/query": async (services, context, args) =>
      nestedResult(await services.runQuery(await nestedRequest(services, context, args))),
    "1.0/actions/mutation": async (services, context, args) =>
      nestedResult(await services.runMutation(await nestedRequest(services, context, args))),
    "1.0/actions/action": async (services, context, args) =>
      nestedResult(await services.runAction(await nestedRequest(services, context, args))),
    "1.0/actions/schedule": schedule,
    "1.0/actions/cancel_job": cancel,
    "1.0/actions/vectorSearch": ({ database }, { path }, args) =>
      vectorSearch(database, path.componentPath, args["query"]),
    "1.0/getUserIdentity": (_, { path, request, authError }) => {
      if (path.componentPath !== "") return "null";
      if (authError !== null) throw new FunctionError(authError);
      return identityOf(request.caller)?.attributesJson ?? "null";
    },
    "1.0/createFunctionHandle": async (services, { path }, args) =>
      JSON.stringify(createHandle(await directoryOf(services), path.componentPath, args)),
    "1.0/getFunctionMetadata": (_, { path }) =>
      JSON.stringify({ name: displayPath(path), componentPath: path.componentPath }),
    "1.0/getDeploymentMetadata": ({ deployment }) =>
      JSON.stringify({ name: deployment.name, region: null, class: DEPLOYMENT_CLASS }),
    "1.0/getRequestMetadata": (_, { path, request }) =>
      JSON.stringify({
        ...request.metadata,
        scheduledFunctionId: scheduledFunctionIdOf(request.caller),
        authToken: path.componentPath === "" ? (identityOf(request.caller)?.token ?? null) : null,
      }),
    "1.0/auditLog": () => "null",
    "1.0/storageGetUrl": ({ database, deployment }, { path }, args) =>
      storageUrl(
        database.begin(),
        path.componentPath,
        deployment,
        storageIdArg(args, "storage.getUrl"),
      ),
    "1.0/storageGetMetadata": ({ database }, { path }, args) =>
      storageMetadata(
        database.begin(),
        path.componentPath,
        storageIdArg(args, "storage.getMetadata"),
      ),
    "1.0/storageDelete": ({ database }, { path }, args) =>
      commitWrites(database, (transaction) =>
        deleteStoredFile(transaction, path.componentPath, storageIdArg(args, "storage.delete")),
      ),
    "1.0/storageGenerateUploadUrl": ({ deployment, uploadTokens }, { path }) => {
      const token = encodeURIComponent(uploadTokens.issue(path.componentPath));
      return JSON.stringify(`${deployment.cloudUrl}/api/storage/upload?token=${token}`);
    },
  } satisfies Record<string, ActionSyscall>),
);

/**
 * JSON text of the answer to an action's syscall.
 * @throws FunctionError, and errors of the database, for the action to see.
 */
export async function runActionSyscall(
  services: ActionServices,
  context: ActionContext,
  op: string,
  args: JsonObject,
): Promise<string> {
  const handler = SYSCALLS.get(op);
  if (handler === undefined) throw new FunctionError(`Unknown async operation ${op}`);
  return await handler(services, context, args);
}

/** Stores what an action gave; the id as JSON text, once the bytes and their row are durable. */
export async function storeBlob(
  { database, blobs }: ActionServices,
  { path }: ActionContext,
  { bytes, contentType }: WireBlob,
  expectedSha256: string | null,
): Promise<string> {
  const content = new Uint8Array(bytes);
  const sha256 = sha256Base64(content);
  requireDigest(sha256, expectedSha256);
  const blobKey = await blobs.write(content);
  const storageId = await commitWrites(database, (transaction) =>
    insertFile(transaction, {
      componentPath: path.componentPath,
      blobKey,
      sha256,
      size: content.length,
      contentType: contentType === "" ? null : contentType,
    }),
  );
  return JSON.stringify(storageId);
}

/** A stored file's bytes, `null` for an unknown id. */
export async function getBlob(
  { database, blobs }: ActionServices,
  { path }: ActionContext,
  storageId: string,
): Promise<WireBlob | null> {
  const file = findFile(database.begin(), path.componentPath, storageId);
  const bytes = file === null ? null : await blobs.read(file.blobKey);
  if (file === null || bytes === null) return null;
  const copy = new Uint8Array(bytes);
  return { bytes: copy.buffer, contentType: file.contentType ?? "" };
}

/** Functions called by an action see its caller, and internal ones may be called. */
async function nestedRequest(
  services: ActionServices,
  { path, request }: ActionContext,
  args: JsonObject,
): Promise<FunctionRequest> {
  const directory = await directoryOf(services);
  const { path: target } = requireFunction(directory, path.componentPath, args);
  const isSameComponent = target.componentPath === path.componentPath;
  return {
    componentPath: target.componentPath,
    path: canonicalPath(target),
    argsJson: JSON.stringify([valueArg(args, "args")]),
    caller: nestedCaller(request.caller, isSameComponent),
    metadata: request.metadata,
  };
}

function nestedCaller(caller: Caller, isSameComponent: boolean): Caller {
  if (caller.kind === "system") return caller;
  const identity = caller.kind === "client" ? caller.identity : caller.actingAs;
  return { kind: "admin", actingAs: isSameComponent ? identity : null };
}

function nestedResult(outcome: QueryOutcome | MutationOutcome | ActionOutcome): string {
  if (outcome.ok) return outcome.valueJson;
  const text = failureText(outcome).replace(/^Server Error\n/, "");
  throw new FunctionError(text, outcome.errorDataJson ?? null);
}

/** Deployed code cannot go away while some of it is running. */
async function directoryOf(services: ActionServices): Promise<FunctionDirectory> {
  const directory = await services.directory();
  if (directory === null) throw new Error("An action is running, but no code is deployed.");
  return directory;
}

async function schedule(
  services: ActionServices,
  { path, request }: ActionContext,
  args: JsonObject,
): Promise<string> {
  const { database, clock } = services;
  const nowMs = clock.now();
  const job = parseJobRequest(await directoryOf(services), path.componentPath, args, nowMs);
  return await commitWrites(database, (transaction) =>
    JSON.stringify(
      insertJob(transaction, {
        ownerPath: path.componentPath,
        target: job.target,
        argsJson: job.argsJson,
        scheduledTimeMs: job.scheduledTimeMs,
        isCanceled: isJobCanceled(transaction, scheduledFunctionIdOf(request.caller)),
        nowMs,
      }),
    ),
  );
}

function cancel(
  { database, clock }: ActionServices,
  { path }: ActionContext,
  args: JsonObject,
): Promise<string> {
  const id = textArg(args, "id");
  return commitWrites(database, (transaction) => {
    cancelOwnJob(transaction, path.componentPath, id, clock.now());
    return "null";
  });
}

function scheduledFunctionIdOf(caller: Caller): string | null {
  return caller.kind === "system" ? (caller.scheduledFunctionId ?? null) : null;
}
