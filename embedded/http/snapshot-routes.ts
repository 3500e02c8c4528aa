import { pipeline } from "node:stream/promises";

import { ByteBudget } from "../lib/byte-budget.ts";
import { ServiceError } from "../lib/service-error.ts";
import type { ImportMode } from "../snapshots/import-records.ts";
import type { ImportFormat } from "../snapshots/import-source.ts";
import type { SnapshotExporter } from "../snapshots/snapshot-exporter.ts";
import type { SnapshotImporter } from "../snapshots/snapshot-importer.ts";
import { isIdentifier } from "../values/validator.ts";
import { requireAdmin } from "./admin-access.ts";
import type { Exchange, HttpContext } from "./http-context.ts";
import { sendJson } from "./replies.ts";
import {
  badBody,
  boundedBody,
  readJsonObject,
  requireArrayField,
  requireJsonObject,
  requireTextField,
  type JsonObject,
} from "./request-body.ts";

export interface SnapshotContext extends HttpContext {
  readonly importer: SnapshotImporter;
  readonly exporter: SnapshotExporter;
}

type SnapshotRoute = (exchange: Exchange, context: SnapshotContext) => Promise<void>;

/** The command line sends 5 MiB at a time, more when that makes too many parts. */
const PART_BYTES = 512 * 1024 * 1024;
/** A part goes to the disk as it arrives. */
const PART_BOUNDS = { timeoutMs: 15 * 60_000, budget: new ByteBudget(Infinity) };
const ZIP_PREFIX = "/api/export/zip/";

/** What `npx convex import` and `export` ask of a deployment, for admins. */
const SNAPSHOT_ROUTES: ReadonlyMap<string, SnapshotRoute> = new Map<string, SnapshotRoute>([
  ["POST /api/import/start_upload", startUpload],
  ["POST /api/import/upload_part", uploadPart],
  ["POST /api/import/finish_upload", finishUpload],
  ["POST /api/perform_import", performImport],
  ["POST /api/cancel_import", cancelImport],
  ["POST /api/export/request/zip", requestExport],
]);

/** `null` when the address is none of these. */
export function routeSnapshots(exchange: Exchange, context: SnapshotContext): Promise<void> | null {
  const { method, pathname } = exchange;
  const isDownload = method === "GET" && pathname.startsWith(ZIP_PREFIX);
  const route = isDownload ? downloadExport : SNAPSHOT_ROUTES.get(`${method} ${pathname}`);
  return route === undefined
    ? null
    : requireAdmin(exchange, context).then(() => route(exchange, context));
}

function startUpload({ response }: Exchange, { importer }: SnapshotContext): Promise<void> {
  sendJson(response, { uploadToken: importer.startUpload() });
  return Promise.resolve();
}

/** The raw body is the part; the answer is its token, as JSON text. */
async function uploadPart(exchange: Exchange, { importer }: SnapshotContext): Promise<void> {
  const { request, response, query } = exchange;
  const token = await importer.uploadPart(
    query.get("uploadToken") ?? "",
    Number(query.get("partNumber") ?? NaN),
    boundedBody(request, PART_BYTES, request, PART_BOUNDS),
  );
  sendJson(response, token);
}

async function finishUpload(
  { request, response }: Exchange,
  { importer }: SnapshotContext,
): Promise<void> {
  const body = await readJsonObject(request);
  const importId = await importer.finishUpload(requireTextField(body, "uploadToken"), {
    ...parseImport(requireJsonObject(body["import"], "`import`")),
    partTokens: requireArrayField(body, "partTokens").map((token) => {
      if (typeof token === "string") return token;
      throw badBody("`partTokens` must be strings.");
    }),
  });
  sendJson(response, { importId });
}

async function performImport(
  { request, response }: Exchange,
  { importer }: SnapshotContext,
): Promise<void> {
  await importer.confirm(requireTextField(await readJsonObject(request), "importId"));
  sendJson(response, null);
}

async function cancelImport(
  { request, response }: Exchange,
  { importer }: SnapshotContext,
): Promise<void> {
  await importer.cancel(requireTextField(await readJsonObject(request), "importId"));
  sendJson(response, null);
}

async function requestExport(
  { query, response }: Exchange,
  { exporter }: SnapshotContext,
): Promise<void> {
  await exporter.request(query.get("includeStorage") === "true");
  response.writeHead(200).end();
}

async function downloadExport(
  { pathname, response }: Exchange,
  { exporter, deployment }: SnapshotContext,
): Promise<void> {
  const zip = exporter.find(pathname.slice(ZIP_PREFIX.length));
  response.writeHead(200, {
    "Content-Type": "application/zip",
    "Content-Length": String(zip.size),
    "Content-Disposition": `attachment; filename=snapshot_${deployment.name}_${zip.ts}.zip`,
    "Cache-Control": "private, no-store",
  });
  await pipeline(zip.open(), response);
}

function parseImport(body: JsonObject): {
  readonly format: ImportFormat;
  readonly mode: ImportMode;
  readonly componentPath: string;
} {
  return {
    format: parseFormat(body),
    mode: parseMode(body["mode"] ?? "requireEmpty"),
    componentPath: parseComponentPath(body["componentPath"] ?? ""),
  };
}

function parseFormat(body: JsonObject): ImportFormat {
  const tableName = body["tableName"] ?? null;
  const format = body["format"];
  if (format === "zip") {
    if (tableName === null) return { format: "zip" };
    throw invalidName("ZIP import cannot have table name");
  }
  const formats = { csv: "csv", jsonLines: "jsonl", jsonArray: "json_array" } as const;
  if (format !== "csv" && format !== "jsonLines" && format !== "jsonArray") {
    throw badBody("`format` must be csv, jsonLines, jsonArray or zip.");
  }
  if (typeof tableName !== "string") throw invalidName(`${format} import requires table name`);
  if (isIdentifier(tableName) && !tableName.startsWith("_")) {
    return { format: formats[format], table: tableName };
  }
  throw new ServiceError(
    "badRequest",
    "ImportInvalidName",
    `invalid table name ${tableName}: Identifiers must start with a letter and can only contain ` +
      "letters, digits, and underscores.",
  );
}

function parseMode(mode: unknown): ImportMode {
  if (mode === "requireEmpty" || mode === "append" || mode === "replace" || mode === "replaceAll") {
    return mode;
  }
  throw badBody("`mode` must be requireEmpty, append, replace or replaceAll.");
}

function parseComponentPath(path: unknown): string {
  if (path === "") return "";
  if (typeof path === "string" && path.split("/").every(isIdentifier)) return path;
  throw badBody("`componentPath` must be names of components, separated by slashes.");
}

function invalidName(message: string): ServiceError {
  return new ServiceError("badRequest", "InvalidName", message);
}
