/** Calls of the fixture's `documents` functions, as behaviours write them. */
import type { Value } from "convex/values";

import type { Args, Caller } from "./driver.ts";

export type Document = Record<string, Value> & { readonly _id: string };

export interface Page {
  readonly page: readonly Document[];
  readonly isDone: boolean;
  readonly continueCursor: string;
}

export type Bound = readonly [
  method: "eq" | "gt" | "gte" | "lt" | "lte",
  field: string,
  value?: Value,
];

/** Which documents to read: a full scan, or an index and its range; filtered by `where`. */
export interface Selection {
  readonly table?: string;
  readonly index?: string;
  readonly range?: readonly Bound[];
  readonly order?: "asc" | "desc";
  readonly where?: Value;
}

export const field = (name: string) => ({ field: name });
/** `undefined` when called without a value. */
export const literal = (value?: Value): Record<string, Value> =>
  value === undefined ? {} : { literal: value };
export const op = (name: string, ...of: Value[]) => ({ op: name, of });

export async function insert(t: Caller, value: Value, table = "things"): Promise<string> {
  return (await t.mutation("documents:insert", { table, value })) as string;
}

export async function insertAll(t: Caller, values: Value[], table = "things"): Promise<string[]> {
  return (await t.mutation("documents:insertAll", { table, values })) as string[];
}

/** One document `{ value }` for each value; a missing one for `undefined`. */
export async function insertValues(t: Caller, values: (Value | undefined)[]): Promise<string[]> {
  return await insertAll(
    t,
    values.map((value) => (value === undefined ? { missing: true } : { value })),
  );
}

export async function get(t: Caller, id: string): Promise<Document | null> {
  return (await t.query("documents:get", { id })) as Document | null;
}

/** The document without what the deployment adds. */
export async function content(t: Caller, id: string): Promise<Record<string, Value> | null> {
  const document = await get(t, id);
  return document === null ? null : withoutSystemFields(document);
}

export async function list(t: Caller, selection: Selection = {}): Promise<Document[]> {
  return (await t.query("documents:list", selectionArgs(selection))) as Document[];
}

/** The `value` fields of what is selected; "missing" where there is none. */
export async function values(t: Caller, selection: Selection = {}): Promise<Value[]> {
  return (await list(t, selection)).map(valueOf);
}

export async function page(
  t: Caller,
  paginationOpts: { numItems: number; cursor: string | null; endCursor?: string },
  selection: Selection = {},
): Promise<Page> {
  const args = { ...selectionArgs(selection), paginationOpts };
  return (await t.query("documents:page", args)) as Page;
}

export function valueOf(document: Document): Value {
  return document["value"] === undefined ? "missing" : document["value"];
}

export function selectionArgs(selection: Selection): Args {
  return { table: "things", ...selection } as unknown as Args;
}

function withoutSystemFields(document: Document): Record<string, Value> {
  const fields = Object.entries(document);
  return Object.fromEntries(fields.filter(([name]) => !["_id", "_creationTime"].includes(name)));
}
