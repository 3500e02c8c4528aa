import { DatabaseError } from "../../database/database-error.ts";
import { idProblem, tableNumberOf } from "../../values/document-id.ts";
import { isPlainObject, type JsonObject } from "../../values/json-value.ts";
import { ValueError } from "../../values/value-error.ts";
import { FunctionError } from "../function-error.ts";
import { requireReadsWithin, requireWritesWithin } from "../transaction-limits.ts";
import { queryPage } from "./query-page.ts";
import { openSource, isVisibleTable, parseSource, requireVisibleTable } from "./query-source.ts";
import { expectedReads, parseOperators, QueryStream } from "./query-stream.ts";
import {
  numberArg,
  optionalTextArg,
  textArg,
  valueArg,
  type SyscallContext,
  type SyscallHandler,
} from "./syscall-context.ts";

export const databaseSyncSyscalls: Readonly<Record<string, SyscallHandler>> = {
  "1.0/queryStream": startQuery,
  "1.0/queryCleanup": ({ streams }, args) => String(streams.delete(numberArg(args, "queryId"))),
  "1.0/db/normalizeId": normalizeId,
};

export const databaseReadSyscalls: Readonly<Record<string, SyscallHandler>> = {
  "1.0/get": getDocument,
  "1.0/queryStreamNext": nextDocument,
  "1.0/queryPage": queryPage,
  "1.0/count": ({ transaction, componentPath }, args) => {
    const table = textArg(args, "table");
    requireVisibleTable(table);
    return JSON.stringify(transaction.count(componentPath, table));
  },
};

export const databaseWriteSyscalls: Readonly<Record<string, SyscallHandler>> = {
  "1.0/insert": (context, args) => {
    const table = textArg(args, "table");
    if (table.startsWith("_")) throw systemTableError();
    const { transaction, componentPath } = context;
    const valueJson = JSON.stringify(valueArg(args, "value"));
    const id = withinLimits(context, () =>
      withArguments("insert", () => transaction.insert(componentPath, table, valueJson)),
    );
    return JSON.stringify({ _id: id });
  },
  "1.0/shallowMerge": (context, args) =>
    write(context, args, "patch", (id) => {
      const { transaction, componentPath } = context;
      transaction.patch(componentPath, id, JSON.stringify(valueArg(args, "value")));
    }),
  "1.0/replace": (context, args) =>
    write(context, args, "replace", (id) => {
      const { transaction, componentPath } = context;
      transaction.replace(componentPath, id, JSON.stringify(valueArg(args, "value")));
    }),
  "1.0/remove": (context, args) =>
    write(context, args, "delete", (id) => {
      context.transaction.remove(context.componentPath, id);
    }),
};

function startQuery(context: SyscallContext, args: JsonObject): string {
  const query = args["query"];
  if (!isPlainObject(query)) throw new FunctionError("Invalid query.");
  const { transaction, componentPath, run, streams } = context;
  const source = parseSource(transaction, componentPath, query["source"]);
  const operators = parseOperators(query["operators"]);
  const cursor = openSource(transaction, componentPath, source, {
    expected: expectedReads(operators),
  });
  if (source.table.startsWith("_")) transaction.usage.databaseQueries += 1;
  requireReadsWithin(context);
  const queryId = run.nextStreamId;
  run.nextStreamId += 1;
  streams.set(queryId, new QueryStream(cursor, operators));
  return `{"queryId":${queryId}}`;
}

function nextDocument(context: SyscallContext, args: JsonObject): string {
  const stream = context.streams.get(numberArg(args, "queryId"));
  if (stream === undefined) return '{"value":null,"done":true}';
  const json = stream.next(() => requireReadsWithin(context));
  return json === null ? '{"value":null,"done":true}' : `{"value":${json},"done":false}`;
}

function getDocument(context: SyscallContext, args: JsonObject): string {
  const { transaction, componentPath } = context;
  const id = textArg(args, "id");
  const isSystem = args["isSystem"] === true;
  const verb = isSystem ? "system.get" : "get";
  const table = tableOfId(context, id, verb);
  if (table !== null && table.startsWith("_") !== isSystem) {
    if (!isSystem) throw systemTableError();
    throw new FunctionError("User tables cannot be accessed with db.system.");
  }
  requireNamedTable(table, args, verb);
  if (isSystem) transaction.usage.databaseQueries += 1;
  // The read is recorded: the table may come with its first row.
  const document = transaction.get(componentPath, id);
  requireReadsWithin(context);
  return table === null || document === null ? "null" : document.json;
}

function normalizeId({ transaction, componentPath }: SyscallContext, args: JsonObject): string {
  const id = textArg(args, "idString");
  const isOfTable = transaction.tableOf(componentPath, id) === textArg(args, "table");
  return JSON.stringify({ id: isOfTable ? id : null });
}

function write(
  context: SyscallContext,
  args: JsonObject,
  verb: "patch" | "replace" | "delete",
  apply: (id: string) => void,
): string {
  const id = textArg(args, "id");
  const table = tableOfId(context, id, verb);
  if (table === null) throw invalidArgument("id", verb, `Table for ID "${id}" not found`);
  requireNamedTable(table, args, verb);
  if (table.startsWith("_")) throw systemTableError();
  withinLimits(context, () => withArguments(verb, () => apply(id)));
  requireReadsWithin(context);
  return "null";
}

/** Does a write, or takes it back when it was one too many. */
function withinLimits<T>(context: SyscallContext, write: () => T): T {
  const savepoint = context.transaction.savepoint();
  const result = write();
  try {
    requireWritesWithin(context);
  } catch (error) {
    context.transaction.rollbackTo(savepoint);
    throw error;
  }
  return result;
}

/** The table of an id, `null` when functions know none; refuses what is no id. */
function tableOfId(
  { transaction, componentPath }: SyscallContext,
  id: string,
  verb: string,
): string | null {
  const tableNumber = tableNumberOf(id);
  if (tableNumber === null) {
    throw invalidArgument("id", verb, `Unable to decode ID: ${idProblem(id)}`);
  }
  const table = transaction.tableNumbered(componentPath, tableNumber);
  return table !== null && isVisibleTable(table) ? table : null;
}

/** Refuses ids of another table than the caller named. */
function requireNamedTable(table: string | null, args: JsonObject, verb: string): void {
  const named = optionalTextArg(args, "table");
  if (named === null || table === null || named === table) return;
  const problem = `expected to be an Id<"${named}">, got Id<"${table}"> instead.`;
  throw invalidArgument("id", verb, problem);
}

/** Says of what the database refuses which argument it was. */
function withArguments<T>(verb: string, write: () => T): T {
  try {
    return write();
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error;
    const isValue = error.code === "DocumentNotObject" || error.cause instanceof ValueError;
    if (isValue) throw invalidArgument("value", verb, error.message);
    if (error.code === "InvalidTableName") throw invalidArgument("table", verb, error.message);
    throw error;
  }
}

function invalidArgument(name: string, verb: string, problem: string): FunctionError {
  return new FunctionError(`Invalid argument \`${name}\` for \`db.${verb}\`: ${problem}`);
}

function systemTableError(): FunctionError {
  return new FunctionError("System tables can only be accessed with db.system.");
}
