import { idProblem, tableNumberOf } from "../../values/document-id.ts";
import type { JsonObject } from "../../values/json-value.ts";
import { FunctionError } from "../function-error.ts";
import { requireReadsWithin, requireWritesWithin } from "../transaction-limits.ts";
import { queryPage } from "./query-page.ts";
import { openSource, parseSource, requireVisibleTable } from "./query-source.ts";
import { expectedReads, parseOperators, QueryStream } from "./query-stream.ts";
import {
  numberArg,
  optionalTextArg,
  textArg,
  valueArg,
  type SyscallContext,
  type SyscallHandler,
} from "./syscall-context.ts";
import { isPlainObject } from "../../values/json-value.ts";

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
    if (table.startsWith("_")) {
      throw new FunctionError("System tables (prefixed with `_`) are read-only.");
    }
    const { transaction, componentPath } = context;
    const valueJson = JSON.stringify(valueArg(args, "value"));
    const id = withinLimits(context, () => transaction.insert(componentPath, table, valueJson));
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
  const id = textArg(args, "id");
  const table = requireTable(context, id, args, "get");
  const isSystem = args["isSystem"] === true;
  if (table?.startsWith("_") === true) {
    requireVisibleTable(table);
    if (!isSystem) {
      throw new FunctionError("System tables can only be accessed with db.system.");
    }
  } else if (table !== null && isSystem) {
    throw new FunctionError("User tables can only be accessed from db.get().");
  }
  if (isSystem) context.transaction.usage.databaseQueries += 1;
  const document = context.transaction.get(context.componentPath, id);
  requireReadsWithin(context);
  return document === null ? "null" : document.json;
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
  const table = requireTable(context, id, args, verb);
  if (table?.startsWith("_") === true) {
    throw new FunctionError("System tables (prefixed with `_`) are read-only.");
  }
  withinLimits(context, () => apply(id));
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

/** The table of an id; refuses what is no id, and ids of another table than the caller named. */
function requireTable(
  { transaction, componentPath }: SyscallContext,
  id: string,
  args: JsonObject,
  verb: string,
): string | null {
  const tableNumber = tableNumberOf(id);
  if (tableNumber === null) {
    throw new FunctionError(
      `Invalid argument \`id\` for \`db.${verb}\`: Unable to decode ID: ${idProblem(id)}`,
    );
  }
  const table = transaction.tableNumbered(componentPath, tableNumber);
  const named = optionalTextArg(args, "table");
  if (named !== null && table !== null && named !== table) {
    throw new FunctionError(
      `Invalid argument \`id\` for \`db.${verb}\`: ID ${JSON.stringify(id)} is from table ` +
        `\`${table}\`, not from \`${named}\`.`,
    );
  }
  return table;
}
