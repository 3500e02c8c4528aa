import type { Database, EngineDatabase, Timestamp, Transaction } from "../database/types.ts";
import type { FunctionRunner, LiveQuery, QueryOutcome, WatchRequest } from "../functions/types.ts";
import { listComponents } from "../modules/component-store.ts";
import { readVariable, readVariables } from "../modules/environment-variables.ts";
import { listAllModules } from "../modules/module-store.ts";
import type { DeploymentInfo } from "../runtime/services.ts";
import { EXPORTS } from "../snapshots/export-records.ts";
import { SNAPSHOT_IMPORTS } from "../snapshots/import-records.ts";

/** What a system query reads from; everything it reads makes it rerun. */
interface SystemQueryContext {
  readonly transaction: Transaction;
  readonly database: EngineDatabase;
  readonly deployment: DeploymentInfo;
  readonly componentPath: string;
}

type Arguments = Readonly<Record<string, unknown>>;

/** Returns Convex JSON text. */
type SystemQuery = (context: SystemQueryContext, args: Arguments) => string;

const SYSTEM_PREFIX = "_system/";
const MAX_WATCHED_ROWS = 1000;
const MAX_PAGE_ROWS = 1000;
/** Characters of documents in a page, but for the last one. */
const MAX_PAGE_LENGTH = 4 * 1024 * 1024;
const LISTED_IMPORTS = 20;

/** The queries that the official command line asks over its socket, by canonical path. */
const SYSTEM_QUERIES: ReadonlyMap<string, SystemQuery> = new Map<string, SystemQuery>([
  ["cli/queryEnvironmentVariables:default", listVariables],
  ["cli/queryEnvironmentVariables:get", getVariable],
  ["cli/modules:apiSpec", apiSpec],
  ["cli/tables:default", listTables],
  ["cli/tableData:default", tableData],
  ["cli/tableSize:default", tableSize],
  ["cli/queryTable:default", watchTable],
  ["cli/queryImport:default", importState],
  ["cli/queryImport:list", latestImports],
  ["cli/exports:getLatest", latestExport],
  ["cli/convexUrl:cloudUrl", ({ deployment }) => JSON.stringify(deployment.cloudUrl)],
  ["cli/convexUrl:siteUrl", ({ deployment }) => JSON.stringify(deployment.siteUrl)],
  ["frontend/components:list", listMounts],
]);

/** The runner, answering queries below `_system/` itself: for admins only, and live like all others. */
export function withSystemQueries(
  runner: FunctionRunner,
  database: EngineDatabase,
  deployment: DeploymentInfo,
): FunctionRunner {
  const evaluate = (request: WatchRequest, transaction: Transaction) =>
    evaluateSystemQuery(request, { transaction, database, deployment });

  return {
    ...bindRunner(runner),
    async runQuery(request, options) {
      if (!isSystemPath(request.path)) return runner.runQuery(request, options);
      const transaction = database.begin(options?.ts === undefined ? {} : { ts: options.ts });
      const outcome = evaluate(request, transaction);
      await database.flushed(transaction.snapshotTs);
      return outcome;
    },
    watch(request, onInvalidated) {
      if (!isSystemPath(request.path)) return runner.watch(request, onInvalidated);
      return new LiveSystemQuery(
        database,
        (transaction) => evaluate(request, transaction),
        onInvalidated,
      );
    },
  };
}

class LiveSystemQuery implements LiveQuery {
  readonly #database: Database;
  readonly #evaluate: (transaction: Transaction) => QueryOutcome;
  readonly #onInvalidated: () => void;
  #current: { readonly outcome: QueryOutcome; readonly cancel: () => void } | null = null;

  constructor(
    database: Database,
    evaluate: (transaction: Transaction) => QueryOutcome,
    onInvalidated: () => void,
  ) {
    this.#database = database;
    this.#evaluate = evaluate;
    this.#onInvalidated = onInvalidated;
  }

  get isFresh(): boolean {
    return this.#current !== null;
  }

  evaluate(ts: Timestamp): Promise<QueryOutcome> {
    if (this.#current !== null) return Promise.resolve(this.#current.outcome);
    const transaction = this.#database.begin({ ts });
    const outcome = this.#evaluate(transaction);
    const subscription = this.#database.subscribe(transaction.readSet(), () => {
      this.#current = null;
      this.#onInvalidated();
    });
    this.#current = { outcome, cancel: () => subscription.cancel() };
    return Promise.resolve(outcome);
  }

  release(): void {
    this.#current?.cancel();
    this.#current = null;
  }
}

function evaluateSystemQuery(
  request: WatchRequest,
  context: Omit<SystemQueryContext, "componentPath">,
): QueryOutcome {
  const path = request.path.replace(/\.js(?=:|$)/, "");
  const canonical = path.includes(":") ? path : `${path}:default`;
  const query = SYSTEM_QUERIES.get(canonical.slice(SYSTEM_PREFIX.length));
  if (query === undefined || request.caller.kind !== "admin") {
    return failure(request, `Could not find public function for '${path}'.`);
  }
  const [given] = JSON.parse(request.argsJson) as readonly unknown[];
  const args: Arguments = typeof given === "object" && given !== null ? { ...given } : {};
  const { componentPath } = request;
  const valueJson = query({ ...context, componentPath }, args);
  return { ok: true, valueJson, logLines: [], journal: null };
}

function failure(request: WatchRequest, message: string): QueryOutcome {
  const errorMessage = `[Request ID: ${request.metadata.requestId}] Server Error\n${message}`;
  return { ok: false, errorMessage, logLines: [], journal: null };
}

function listVariables({ transaction }: SystemQueryContext): string {
  const variables = [...readVariables(transaction)].map(([name, value]) => ({ name, value }));
  return JSON.stringify(variables);
}

function getVariable({ transaction }: SystemQueryContext, args: Arguments): string {
  const name = textArgument(args, "name");
  const value = readVariable(transaction, name);
  return value === undefined ? "null" : JSON.stringify({ name, value });
}

function apiSpec({ transaction, componentPath }: SystemQueryContext): string {
  const modules = listAllModules(transaction).filter(
    (module) => module.componentPath === componentPath,
  );
  const specs = modules.flatMap(({ path, analysisJson }) => {
    const { functions = [], httpRoutes } = JSON.parse(analysisJson) as Analysis;
    const routes = (httpRoutes ?? []).map(({ route }) => ({
      functionType: "HttpAction",
      ...route,
    }));
    return [...functions.map((fn) => functionSpec(path, fn)), ...routes];
  });
  return JSON.stringify(specs);
}

interface Analysis {
  readonly functions?: readonly AnalyzedFunction[];
  readonly httpRoutes?: readonly { readonly route: { method: string; path: string } }[] | null;
}

interface AnalyzedFunction {
  readonly name: string;
  readonly udfType: string;
  readonly visibility: unknown;
  readonly args: string | null;
  readonly returns: string | null;
}

function functionSpec(path: string, fn: AnalyzedFunction): object {
  return {
    identifier: `${path}:${fn.name}`,
    functionType: fn.udfType,
    visibility: fn.visibility ?? { kind: "public" },
    args: JSON.parse(fn.args ?? '{"type":"any"}') as unknown,
    returns: JSON.parse(fn.returns ?? '{"type":"any"}') as unknown,
  };
}

/** The app and all components that are or were mounted; those that were keep their tables. */
function listMounts({ transaction }: SystemQueryContext): string {
  const mounts = listComponents(transaction).map(({ id, mount, state }) => {
    const { componentPath, httpPrefix } = mount;
    const name = componentPath.split("/").pop() ?? "";
    return { id, name, path: componentPath, args: {}, state, httpPrefix };
  });
  return JSON.stringify(mounts);
}

function listTables({ database, componentPath }: SystemQueryContext): string {
  const tables = database.tables(componentPath).filter(({ isSystem }) => !isSystem);
  const page = tables.map(({ name }) => ({ name }));
  return JSON.stringify({ page, isDone: true, continueCursor: "end" });
}

function tableData({ transaction, componentPath }: SystemQueryContext, args: Arguments): string {
  const { cursor, numItems }: Arguments = { ...objectArgument(args, "paginationOpts") };
  const order = args["order"] === "asc" ? "asc" : "desc";
  const position =
    typeof cursor === "string" ? Buffer.from(cursor, "base64").toString("latin1") : null;
  const rows = transaction.range({
    componentPath,
    table: textArgument(args, "table"),
    index: "by_creation_time",
    // Index keys compare as byte strings: the successor of a key is the key and a zero byte.
    interval:
      order === "asc"
        ? { lower: position === null ? "" : `${position}\0`, upper: null }
        : { lower: "", upper: position },
    order,
  });
  const limit = Math.min(typeof numItems === "number" ? numItems : MAX_PAGE_ROWS, MAX_PAGE_ROWS);
  const page: string[] = [];
  let length = 0;
  let last = position ?? "";
  let entry = rows.next();
  for (; entry !== null; entry = rows.next()) {
    page.push(entry.document.json);
    length += entry.document.json.length;
    last = entry.key;
    if (page.length >= limit || length >= MAX_PAGE_LENGTH) break;
  }
  const continueCursor = Buffer.from(last, "latin1").toString("base64");
  return `{"page":[${page.join(",")}],"isDone":${entry === null},"continueCursor":"${continueCursor}"}`;
}

function tableSize({ transaction, componentPath }: SystemQueryContext, args: Arguments): string {
  const table = args["tableName"] ?? args["table"];
  return String(typeof table === "string" ? transaction.count(componentPath, table) : 0);
}

/** Reruns when the table changes: `convex dev` waits for that after rows did not fit a new schema. */
function watchTable({ transaction, componentPath }: SystemQueryContext, args: Arguments): string {
  const table = textArgument(args, "tableName");
  const rows = transaction.range({
    componentPath,
    table,
    index: "by_creation_time",
    interval: { lower: "", upper: null },
    order: "asc",
  });
  let newest = 0;
  for (let count = 0; count < MAX_WATCHED_ROWS; count += 1) {
    const entry = rows.next();
    if (entry === null) break;
    newest = Math.max(newest, entry.document.creationTime);
  }
  return JSON.stringify([transaction.count(componentPath, table), newest]);
}

function importState({ transaction }: SystemQueryContext, args: Arguments): string {
  const id = textArgument(args, "importId");
  const isImport = transaction.tableOf("", id) === SNAPSHOT_IMPORTS;
  return (isImport ? transaction.get("", id)?.json : undefined) ?? "null";
}

function latestImports({ transaction }: SystemQueryContext): string {
  return `[${newestRows(transaction, SNAPSHOT_IMPORTS, LISTED_IMPORTS).join(",")}]`;
}

function latestExport({ transaction }: SystemQueryContext): string {
  return newestRows(transaction, EXPORTS, 1)[0] ?? "null";
}

function newestRows(transaction: Transaction, table: string, limit: number): string[] {
  const rows = transaction.range({
    componentPath: "",
    table,
    index: "by_creation_time",
    interval: { lower: "", upper: null },
    order: "desc",
  });
  const found: string[] = [];
  while (found.length < limit) {
    const entry = rows.next();
    if (entry === null) break;
    found.push(entry.document.json);
  }
  return found;
}

function isSystemPath(path: string): boolean {
  return path.startsWith(SYSTEM_PREFIX);
}

function textArgument(args: Arguments, name: string): string {
  const value = args[name];
  return typeof value === "string" ? value : "";
}

function objectArgument(args: Arguments, name: string): object {
  const value = args[name];
  return typeof value === "object" && value !== null ? value : {};
}

/** The runner's methods as plain properties, because a class instance would lose them in a spread. */
function bindRunner(runner: FunctionRunner): FunctionRunner {
  return {
    runQuery: (request, options) => runner.runQuery(request, options),
    runMutation: (request, session) => runner.runMutation(request, session),
    runScheduledMutation: (request, envelope) => runner.runScheduledMutation(request, envelope),
    runAction: (request) => runner.runAction(request),
    functionType: (componentPath, path) => runner.functionType(componentPath, path),
    runAny: (request) => runner.runAny(request),
    runHttpAction: (request, auth, metadata, onEnded) =>
      runner.runHttpAction(request, auth, metadata, onEnded),
    watch: (request, onInvalidated) => runner.watch(request, onInvalidated),
    drain: () => runner.drain(),
  };
}
