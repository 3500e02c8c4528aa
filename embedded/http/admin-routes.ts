import { commitWrites } from "../database/commit-writes.ts";
import { ServiceError } from "../lib/service-error.ts";
import { updateVariables, type EnvironmentChange } from "../modules/environment-variables.ts";
import { adminOnly, requireAdmin } from "./admin-access.ts";
import type { FunctionLog } from "./function-log.ts";
import { authenticated, type Exchange, type HttpContext } from "./http-context.ts";
import type { PushService } from "./push/push-service.ts";
import { sendJson } from "./replies.ts";
import {
  badBody,
  readJsonObject,
  requireArrayField,
  requireJsonObject,
  requireTextField,
  type JsonObject,
} from "./request-body.ts";

export interface AdminContext extends HttpContext {
  readonly functionLog: FunctionLog;
  readonly push: PushService;
  /** Told after environment variables or code changed, which may change signing keys. */
  readonly onDeploymentChanged: () => void;
}

type AdminRoute = (exchange: Exchange, context: AdminContext) => Promise<void>;

const PUSH_BODY_BYTES = 96 * 1024 * 1024;
const LOG_POLL_MS = 10_000;

/** What the official command line asks of a deployment, next to functions and system queries. */
const ADMIN_ROUTES: ReadonlyMap<string, AdminRoute> = new Map<string, AdminRoute>([
  ["POST /api/get_config_hashes", push((service) => service.configHashes())],
  ["POST /api/deploy2/start_push", push((service, body) => service.startPush(body))],
  ["POST /api/deploy2/evaluate_push", push((service, body) => service.evaluatePush(body))],
  ["POST /api/deploy2/evaluate_schema", push((service, body) => service.evaluateSchema(body))],
  ["POST /api/deploy2/wait_for_schema", push((service, body) => service.waitForSchema(body))],
  ["POST /api/deploy2/finish_push", finishPush],
  ["POST /api/deploy2/report_push_completed", push(() => Promise.resolve(null))],
  ["POST /api/run_test_function", refuseInlineQuery],
  ["POST /api/update_environment_variables", updateEnvironmentVariables],
  ["GET /api/v1/get_canonical_urls", getCanonicalUrls],
  ["GET /api/stream_function_logs", streamFunctionLogs],
  ["GET /api/check_admin_key", checkAdminKey],
]);

/** `null` when the address is none of these. */
export function routeAdmin(exchange: Exchange, context: AdminContext): Promise<void> | null {
  const route = ADMIN_ROUTES.get(`${exchange.method} ${exchange.pathname}`);
  return route === undefined ? null : route(exchange, context);
}

function push(answer: (service: PushService, body: JsonObject) => Promise<unknown>): AdminRoute {
  return async (exchange, context) => {
    const body = await readAdminBody(exchange, context);
    sendJson(exchange.response, await answer(context.push, body));
  };
}

async function finishPush(exchange: Exchange, context: AdminContext): Promise<void> {
  const body = await readAdminBody(exchange, context);
  const diff = await context.push.finishPush(body);
  context.onDeploymentChanged();
  sendJson(exchange.response, diff);
}

/** An address that is not there would be asked again for half a minute. */
async function refuseInlineQuery(exchange: Exchange, context: AdminContext): Promise<void> {
  await requireAdmin(exchange, context);
  throw new ServiceError(
    "badRequest",
    "InlineQueryUnsupported",
    "Inline queries are not supported by this deployment: deploy an internal query and run that.",
  );
}

async function updateEnvironmentVariables(
  exchange: Exchange,
  context: AdminContext,
): Promise<void> {
  await requireAdmin(exchange, context);
  const body = await readJsonObject(exchange.request);
  const changes = requireArrayField(body, "changes").map(parseChange);
  await commitWrites(context.database, (transaction) => updateVariables(transaction, changes));
  context.onDeploymentChanged();
  exchange.response.writeHead(200).end();
}

function parseChange(entry: unknown): EnvironmentChange {
  const change = requireJsonObject(entry, "Each change");
  const value = change["value"] ?? null;
  if (value !== null && typeof value !== "string") throw badBody("`value` must be a string.");
  return { name: requireTextField(change, "name"), value };
}

async function getCanonicalUrls(exchange: Exchange, context: AdminContext): Promise<void> {
  await requireAdmin(exchange, context);
  const { cloudUrl, siteUrl } = context.deployment;
  sendJson(exchange.response, { convexCloudUrl: cloudUrl, convexSiteUrl: siteUrl });
}

async function streamFunctionLogs(exchange: Exchange, context: AdminContext): Promise<void> {
  await requireAdmin(exchange, context);
  const cursor = Number(exchange.query.get("cursor") ?? 0);
  // The first poll only asks where the log ends: it must not wait.
  const timeoutMs = cursor === 0 ? 0 : LOG_POLL_MS;
  const poll = await context.functionLog.poll(Number.isFinite(cursor) ? cursor : 0, timeoutMs);
  sendJson(exchange.response, poll);
}

async function checkAdminKey(exchange: Exchange, context: AdminContext): Promise<void> {
  await requireAdmin(exchange, context);
  sendJson(exchange.response, { success: true });
}

/**
 * Push requests carry the admin key in their body, newer ones in the header too; only the header
 * opens the way for a large body.
 */
async function readAdminBody(exchange: Exchange, context: AdminContext): Promise<JsonObject> {
  const { authenticator } = context;
  const hasHeader = exchange.request.headers.authorization !== undefined;
  if (hasHeader) await requireAdmin(exchange, context);
  const body = await readJsonObject(exchange.request, hasHeader ? PUSH_BODY_BYTES : undefined);
  if (!hasHeader) {
    const { adminKey } = body as { readonly adminKey?: unknown };
    if (typeof adminKey !== "string") throw adminOnly();
    await authenticated(exchange, () => authenticator.admin(adminKey, null));
  }
  return body;
}
