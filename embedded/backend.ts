import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Duplex } from "node:stream";

import type { Logger } from "pino";

import { AUTH_CONFIG_TABLE, readAuthProviders } from "./auth/auth-config.ts";
import { deriveKey } from "./auth/admin-key.ts";
import { createAuthenticator } from "./auth/authenticator.ts";
import { createDeploymentSigner } from "./auth/deployment-signer.ts";
import { createKeySets } from "./auth/key-sets.ts";
import { createUploadTokens } from "./auth/upload-tokens.ts";
import { ConfigError, keepSiteUrl, loadInstance, requireFolder, type Instance } from "./config.ts";
import { openDatabase } from "./database/open-database.ts";
import type { EngineDatabase } from "./database/types.ts";
import { createFunctionRunner } from "./functions/create-function-runner.ts";
import { defineFunctionTables } from "./functions/system-tables.ts";
import type { FunctionRunner } from "./functions/types.ts";
import { withoutDetails } from "./functions/without-details.ts";
import { startHousekeeping } from "./housekeeping.ts";
import { createFunctionLog, withFunctionLog } from "./http/function-log.ts";
import { fetchDeploymentKeys } from "./http/deployment-keys.ts";
import { fetchOwnSite } from "./http/http-action-routes.ts";
import { guardConnections } from "./http/connection-guard.ts";
import { handleHttp, type HandlerContext } from "./http/http-handler.ts";
import { createPushService, type PushService } from "./http/push/push-service.ts";
import { UnreadResponses } from "./http/unread-responses.ts";
import { withSystemQueries } from "./http/system-queries.ts";
import type { ServiceError } from "./lib/service-error.ts";
import { createTrafficControl, type TrafficControl } from "./lib/traffic-control.ts";
import { DEFAULT_TRAFFIC_LIMITS, type TrafficLimits } from "./lib/traffic-limits.ts";
import { CodeCache } from "./modules/code-cache.ts";
import { openConversionFile } from "./modules/conversion-file.ts";
import { createCodeAnalyzer } from "./runtime/module-evaluator.ts";
import type { DeploymentInfo } from "./runtime/services.ts";
import { CRON_JOBS_TABLE } from "./scheduler/cron-store.ts";
import { Scheduler } from "./scheduler/scheduler.ts";
import { createSnapshots, SNAPSHOT_SYSTEM_TABLES, type Snapshots } from "./snapshots/snapshots.ts";
import { openBlobFolder, type BlobFolder } from "./storage/blob-folder.ts";
import { createFrameEncoder } from "./sync/frames.ts";
import { createSyncServer, type SyncServer, type UpgradeRequest } from "./sync/sync-server.ts";

export interface BackendOptions {
  /** Where everything is kept; created when missing, used by one process at a time. */
  readonly folder: string;
  readonly host?: string;
  /** `null` listens nowhere: requests come through `handle` and `acceptUpgrade`. 0 takes a free port. */
  readonly port: number | null;
  /** Public address of the deployment (`CONVEX_CLOUD_URL`) when it is not where it listens. */
  readonly origin?: string | null;
  /** Replaces the stored `CONVEX_SITE_URL`, which at the first start becomes `<origin>/http`. */
  readonly siteUrl?: string | null;
  readonly instanceName?: string | null;
  /** Starts with a new secret when `instance.json` is missing beside a store; false by default. */
  readonly makesNewIdentity?: boolean;
  /** False keeps stack and log lines from clients that are not admins; true by default. */
  readonly exposesDetails?: boolean;
  /** What callers may ask for; the default limits by default. */
  readonly limits?: TrafficLimits;
  /** Addresses of proxies whose `X-Forwarded-For` counts; by default there are none. */
  readonly trustedProxies?: readonly string[];
  readonly log: Logger;
  /** Milliseconds of Unix time; tests pass a clock that they can move. */
  readonly now?: () => number;
}

/** A running deployment. */
export interface Backend {
  /** Where it listens, `null` without a port. */
  readonly url: string | null;
  readonly adminKey: string;
  /** Answers an HTTP request that another server received. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Takes over the socket of a WebSocket upgrade that another server received. */
  acceptUpgrade(request: UpgradeRequest, socket: Duplex, head: Buffer): void;
  /**
   * Resolves when the data folder failed: a write did, or damage was met. Nothing more is read or
   * written then; what is left is to `close` and to end the process.
   */
  readonly failed: Promise<Error>;
  /**
   * Takes nothing more, finishes what is running, ends what does not finish, and flushes: within
   * four seconds, unless the disk takes longer. Clients reconnect by themselves.
   * @param lateMs how long ago it should have been called, for which less time is left
   */
  close(lateMs?: number): Promise<void>;
}

/** How long what is under way may take to finish by itself when the deployment is closed. */
const DRAIN_MS = 1_500;
/** And at least, when the call to close came late. */
const MIN_DRAIN_MS = 300;
/** How long after that until what was ended then has been answered. */
const END_MS = 1_000;
/** How long idle connections are kept then, so that a request on its way to one gets an answer. */
const LAST_REQUESTS_MS = 300;
/** Time for the head of a request; a body may take longer. */
const HEADERS_TIMEOUT_MS = 20_000;
const REQUEST_TIMEOUT_MS = 15 * 60_000;
const CONNECTIONS_CHECK_MS = 5_000;
/** Longer than proxies keep idle connections, so that it is never the server who hangs up first. */
const KEEP_ALIVE_MS = 75_000;

/**
 * Opens the data folder and starts to serve: the only place that knows all parts.
 * @throws ConfigError, DataFolderError with a sentence for the person who starts it.
 */
export async function startBackend(options: BackendOptions): Promise<Backend> {
  const limits = options.limits ?? DEFAULT_TRAFFIC_LIMITS;
  const listener = options.port === null ? null : await listen(options.port, options.host, limits);
  try {
    requireFolder(options.folder);
    return await assemble(options, listener);
  } catch (error) {
    listener?.server.close();
    listener?.server.closeAllConnections();
    throw error;
  }
}

interface Listener {
  readonly server: Server;
  readonly url: string;
  /** Answers what has arrived since it listens, and what arrives from now on. */
  serve(handlers: Handlers): void;
}

type Handlers = Pick<Backend, "handle" | "acceptUpgrade">;

async function assemble(options: BackendOptions, listener: Listener | null): Promise<Backend> {
  const { folder, log } = options;
  const cloudUrl = options.origin ?? listener?.url;
  if (cloudUrl === undefined) throw new ConfigError("Without a port, a public address is needed.");
  const now = options.now ?? Date.now;
  const instance = loadInstance({
    folder,
    cloudUrl,
    siteUrl: options.siteUrl ?? null,
    name: options.instanceName ?? null,
    makesNew: options.makesNewIdentity ?? false,
  });
  const blobs = openBlobFolder(join(folder, "files"));
  // Last, because it writes: that the folder belongs to this process now.
  const database = await openDatabase({
    folder: join(folder, "database"),
    ...(options.now === undefined ? {} : { clock: options.now }),
  });
  keepSiteUrl(folder, instance, (message) => log.warn(message));
  defineFunctionTables(database);
  database.defineSystemTable(AUTH_CONFIG_TABLE);
  database.defineSystemTable(CRON_JOBS_TABLE);
  for (const definition of SNAPSHOT_SYSTEM_TABLES) database.defineSystemTable(definition);
  const parts = createParts(database, instance, {
    folder,
    blobs,
    cloudUrl,
    exposesDetails: options.exposesDetails ?? true,
    traffic: createTrafficControl(options.limits ?? DEFAULT_TRAFFIC_LIMITS),
    trustsProxy: (address) => options.trustedProxies?.includes(address) ?? false,
    log,
    now,
  });
  const { context, sync, scheduler, snapshots } = parts;
  const handle = (request: IncomingMessage, response: ServerResponse) =>
    handleHttp(request, response, context);
  const acceptUpgrade: Backend["acceptUpgrade"] = (request, socket, head) =>
    sync.acceptUpgrade(request, socket, head);
  listener?.serve({ handle, acceptUpgrade });
  await scheduler.start();
  snapshots.resume();
  return {
    url: listener?.url ?? null,
    adminKey: instance.adminKey,
    handle,
    acceptUpgrade,
    failed: new Promise((resolve) => database.onStopped(resolve)),
    close: (lateMs = 0) => close(parts, database, listener, lateMs),
  };
}

interface Parts {
  readonly context: HandlerContext;
  readonly sync: SyncServer;
  readonly scheduler: Scheduler;
  readonly snapshots: Snapshots;
  readonly runner: FunctionRunner;
  readonly codeCache: CodeCache;
  readonly stopHousekeeping: () => void;
  /** Functions that compute in so many milliseconds are cut off; long ones don't begin any more. */
  readonly endFunctionsWithin: (ms: number) => void;
  /** From now on requests are refused, except for those that are being answered. */
  readonly refuseRequests: () => void;
}

interface PartOptions {
  readonly folder: string;
  readonly blobs: BlobFolder;
  readonly cloudUrl: string;
  readonly exposesDetails: boolean;
  readonly traffic: TrafficControl;
  readonly trustsProxy: (address: string) => boolean;
  readonly log: Logger;
  readonly now: () => number;
}

function createParts(database: EngineDatabase, instance: Instance, options: PartOptions): Parts {
  const { folder, traffic, trustsProxy, log, now } = options;
  const services = createServices(instance, options);
  const { blobs, codeCache } = services;
  const { runner, clientRunner, functionLog, endFunctionsWithin } = createRunners(
    database,
    instance,
    services,
    options,
  );
  const onError = errorHandler(database, log);
  const upkeep = { database, blobs, now, onError };
  const snapshots = createSnapshots({ ...upkeep, folder: join(folder, "transfers") });
  const clients = {
    database,
    runner: clientRunner,
    ...createDoor(database, instance, services, runner),
    traffic,
    trustsProxy,
  };
  let isClosing = false;
  return {
    runner,
    codeCache,
    snapshots,
    endFunctionsWithin,
    refuseRequests: () => void (isClosing = true),
    context: {
      ...services,
      ...clients,
      functionLog,
      push: createPushes(database, services, options),
      importer: snapshots.importer,
      exporter: snapshots.exporter,
      onError,
      isClosing: () => isClosing,
      unreadResponses: new UnreadResponses(traffic.limits.unreadBytes),
    },
    sync: createSyncServer({
      ...clients,
      frames: createFrameEncoder(),
      now,
      onError: (error) => (isOurs(error) ? onError(error) : log.debug(error.message)),
    }),
    scheduler: new Scheduler({ ...upkeep, runner }),
    stopHousekeeping: startHousekeeping({ ...upkeep, snapshots }),
  };
}

function errorHandler(database: EngineDatabase, log: Logger): (error: unknown) => void {
  return (error) => {
    const cause = causeOf(error);
    log.error({ err: cause });
    database.stopIfDamaged(cause);
  };
}

type Services = ReturnType<typeof createServices>;

/** What functions and requests reach besides the database. */
function createServices(instance: Instance, { folder, blobs, cloudUrl, now }: PartOptions) {
  const deployment: DeploymentInfo = { name: instance.name, cloudUrl, siteUrl: instance.siteUrl };
  return {
    deployment,
    blobs,
    uploadTokens: createUploadTokens(instance.secret, now),
    tokenSigner: createDeploymentSigner(instance.secret),
    clock: { now },
    codeCache: new CodeCache(openConversionFile(folder)),
  };
}

/** The runner for what the deployment does itself, and the one for clients; both note what they run. */
function createRunners(
  database: EngineDatabase,
  instance: Instance,
  services: Services,
  { traffic, exposesDetails, now }: PartOptions,
) {
  const functionRunner = createFunctionRunner({
    database,
    ...services,
    secret: deriveKey(instance.secret, "cursors"),
    traffic,
    exposesDetails,
  });
  const functionLog = createFunctionLog(now);
  const runner = withFunctionLog(functionRunner, functionLog, now);
  const fullRunner = withSystemQueries(runner, database, services.deployment);
  const clientRunner = exposesDetails ? fullRunner : withoutDetails(fullRunner);
  const endFunctionsWithin = (ms: number) => functionRunner.endWithin(ms);
  return { runner, clientRunner, functionLog, endFunctionsWithin };
}

function createPushes(
  database: EngineDatabase,
  services: Services,
  { folder, now }: PartOptions,
): PushService {
  return createPushService({
    database,
    folder: openBlobFolder(join(folder, "pushes")),
    analyze: createCodeAnalyzer(services),
    now,
  });
}

/** Finds out who is calling; keys of issuers are fetched anew after a change of the deployment. */
function createDoor(
  database: EngineDatabase,
  instance: Instance,
  { deployment, tokenSigner, clock }: Services,
  runner: FunctionRunner,
) {
  const keySets = createKeySets({
    fetchOwnSite: (address) =>
      fetchDeploymentKeys(address, deployment.cloudUrl, tokenSigner) ??
      fetchOwnSite(address, deployment.siteUrl, runner),
  });
  const authenticator = createAuthenticator({
    adminKey: instance.adminKey,
    providers: () => readAuthProviders(database.begin()),
    keySets,
    now: () => clock.now(),
  });
  return { authenticator, onDeploymentChanged: () => keySets.clear() };
}

async function listen(port: number, host = "127.0.0.1", limits: TrafficLimits): Promise<Listener> {
  const server = createServer({
    keepAliveTimeout: KEEP_ALIVE_MS,
    headersTimeout: HEADERS_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: CONNECTIONS_CHECK_MS,
  });
  guardConnections(server, limits);
  const serve = holdRequests(server);
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(listenError(error, port, host)));
    server.listen(port, host, resolve);
  });
  const { port: actualPort } = server.address() as AddressInfo;
  const reachableHost = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  const urlHost = reachableHost.includes(":") ? `[${reachableHost}]` : reachableHost;
  return { server, url: `http://${urlHost}:${actualPort}`, serve };
}

/** Requests that arrive before the deployment is ready wait for it, unread. */
function holdRequests(server: Server): Listener["serve"] {
  let handlers: Handlers | null = null;
  const held: ((ready: Handlers) => void)[] = [];
  const whenReady = (task: (ready: Handlers) => void) => {
    if (handlers === null) held.push(task);
    else task(handlers);
  };
  server.on("request", (request, response) => {
    whenReady(({ handle }) => void handle(request, response));
  });
  server.on("upgrade", (request, socket, head) => {
    const ignore = () => undefined;
    // Until somebody takes it over: a socket whose error nobody hears ends the process.
    socket.on("error", ignore);
    whenReady(({ acceptUpgrade }) => {
      acceptUpgrade(request, socket, head);
      socket.off("error", ignore);
    });
  });
  return (ready) => {
    handlers = ready;
    for (const task of held.splice(0)) task(ready);
  };
}

function listenError(error: Error, port: number, host: string): Error {
  const code = "code" in error ? error.code : undefined;
  switch (code) {
    case "EADDRINUSE":
      return new ConfigError(`Port ${port} of ${host} is taken by another program.`);
    case "EACCES":
      return new ConfigError(`Port ${port} needs rights that this user does not have.`);
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return new ConfigError(`${host} is not an address of this machine.`);
    default:
      return error;
  }
}

async function close(
  { sync, scheduler, snapshots, runner, codeCache, context, ...parts }: Parts,
  database: EngineDatabase,
  listener: Listener | null,
  lateMs: number,
): Promise<void> {
  const drainMs = Math.max(MIN_DRAIN_MS, DRAIN_MS - lateMs);
  parts.stopHousekeeping();
  context.functionLog.close();
  parts.refuseRequests();
  const closedServer = closeServer(listener?.server ?? null);
  const closedSockets = sync.close(drainMs);
  const stopped = scheduler.stop(drainMs);
  parts.endFunctionsWithin(drainMs);
  await within(drainMs, Promise.all([closedServer, closedSockets, stopped]));
  await within(END_MS, Promise.all([runner.drain(), snapshots.stop(), codeCache.settled()]));
  await within(END_MS, Promise.all([closedServer, closedSockets]));
  listener?.server.closeAllConnections();
  await database.close();
}

async function closeServer(server: Server | null): Promise<void> {
  if (server === null) return;
  await new Promise((resolve) => setTimeout(resolve, LAST_REQUESTS_MS));
  await new Promise<void>((resolve) => server.close(() => resolve()));
}

/** Waits for something, but not for longer than this. */
async function within(durationMs: number, done: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise((resolve) => (timer = setTimeout(resolve, durationMs)));
  await Promise.race([done, timeout]);
  clearTimeout(timer);
}

function causeOf(error: unknown): unknown {
  const { cause } = error as Partial<ServiceError>;
  return cause ?? error;
}

/** Other internal errors are said on purpose, as to a client that saw another deployment's history. */
function isOurs(error: ServiceError): boolean {
  return error.kind === "internal" && error.cause !== undefined;
}
