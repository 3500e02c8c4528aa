/** Imports and exports of a test deployment over HTTP, as the command line does them. */
import { ConvexHttpClient } from "convex/browser";
import { makeFunctionReference, type FunctionReference } from "convex/server";
import type { Value } from "convex/values";
import { fromBufferPromise } from "yauzl";
import { ZipFile } from "yazl";

import type { Announcement } from "./test-announcement.ts";

interface ImportOptions {
  readonly format: "csv" | "jsonLines" | "jsonArray" | "zip";
  readonly tableName?: string;
  readonly componentPath?: string;
  readonly mode?: "requireEmpty" | "append" | "replace" | "replaceAll";
  /** Bytes in each part but the last. */
  readonly partBytes?: number;
}

/** State of an import or export, as the system queries show it; int64s as bigints. */
export type TransferState = Readonly<Record<string, unknown>> & { readonly state: string };

/** Uploads a file, confirms the import, and waits for its end. */
export async function importFile(
  backend: Announcement,
  bytes: Buffer | string,
  options: ImportOptions,
): Promise<TransferState> {
  const importId = await upload(backend, Buffer.from(bytes), options);
  const waiting = await stableImport(backend, importId);
  if (waiting.state !== "waiting_for_confirmation") return waiting;
  await confirm(backend, importId);
  return await stableImport(backend, importId, "waiting_for_confirmation");
}

export async function upload(
  backend: Announcement,
  bytes: Buffer,
  { partBytes = 5_000, ...options }: ImportOptions,
): Promise<string> {
  const { uploadToken } = (await postAsAdmin(backend, "/api/import/start_upload")) as {
    readonly uploadToken: string;
  };
  const partTokens: unknown[] = [];
  for (let start = 0; start < bytes.length; start += partBytes) {
    const number = partTokens.length + 1;
    const path = `/api/import/upload_part?uploadToken=${uploadToken}&partNumber=${number}`;
    partTokens.push(await postAsAdmin(backend, path, bytes.subarray(start, start + partBytes)));
  }
  const body = JSON.stringify({
    import: { mode: "requireEmpty", ...options },
    uploadToken,
    partTokens,
  });
  const { importId } = (await postAsAdmin(backend, "/api/import/finish_upload", body)) as {
    readonly importId: string;
  };
  return importId;
}

export async function confirm(backend: Announcement, importId: string): Promise<void> {
  await postAsAdmin(backend, "/api/perform_import", JSON.stringify({ importId }));
}

/** Waits until an import is neither being worked on nor in the state that is given. */
export async function stableImport(
  backend: Announcement,
  importId: string,
  notThis?: string,
): Promise<TransferState> {
  const passing = ["uploaded", "in_progress", notThis];
  for (;;) {
    const row = await systemQuery(backend, "cli/queryImport", { importId });
    const { state } = row as { readonly state: TransferState };
    if (!passing.includes(state.state)) return state;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Requests an export, waits for it and downloads it. */
export async function exportZip(
  backend: Announcement,
  includeStorage: boolean,
): Promise<Map<string, Buffer>> {
  await postAsAdmin(backend, `/api/export/request/zip?includeStorage=${includeStorage}`);
  return unzip(await download(backend, await finishedExport(backend)));
}

async function finishedExport(backend: Announcement): Promise<TransferState> {
  for (;;) {
    const row = (await systemQuery(backend, "cli/exports:getLatest")) as TransferState;
    if (row.state === "completed" || row.state === "failed") return row;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export async function download(backend: Announcement, row: TransferState): Promise<Buffer> {
  const response = await fetch(`${backend.url}/api/export/zip/${String(row["start_ts"])}`, {
    headers: { Authorization: `Convex ${backend.adminKey}` },
  });
  if (response.status !== 200) throw new Error(await response.text());
  return Buffer.from(await response.arrayBuffer());
}

export async function systemQuery(
  backend: Announcement,
  path: string,
  args: Record<string, Value> = {},
): Promise<unknown> {
  const client = new ConvexHttpClient(backend.url, { logger: false });
  asAdmin(client, backend.adminKey);
  const query: FunctionReference<"query"> = makeFunctionReference(`_system/${path}`);
  return await client.query(query, args);
}

/** The client's way in for tools, which its types do not show. */
export function asAdmin(client: ConvexHttpClient, adminKey: string): void {
  (client as unknown as { setAdminAuth(key: string): void }).setAdminAuth(adminKey);
}

/** Contents by path. */
async function unzip(zip: Buffer): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  const reader = await fromBufferPromise(zip);
  for await (const entry of reader.eachEntry()) {
    const chunks: Buffer[] = [];
    const stream: AsyncIterable<Buffer> = await reader.openReadStreamPromise(entry);
    for await (const chunk of stream) chunks.push(chunk);
    files.set(entry.fileName, Buffer.concat(chunks));
  }
  return files;
}

export async function zipOf(
  files: Iterable<readonly [path: string, content: Buffer | string]>,
): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [path, content] of files) zip.addBuffer(Buffer.from(content), path);
  zip.end();
  const chunks: Buffer[] = [];
  for await (const chunk of zip.outputStream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

async function postAsAdmin(
  { url, adminKey }: Announcement,
  path: string,
  body?: string | Buffer,
): Promise<unknown> {
  const response = await fetch(url + path, {
    method: "POST",
    headers: { Authorization: `Convex ${adminKey}` },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : new Uint8Array(body) }),
  });
  const text = await response.text();
  if (response.status !== 200) throw new Error(text);
  return text === "" ? null : (JSON.parse(text) as unknown);
}
