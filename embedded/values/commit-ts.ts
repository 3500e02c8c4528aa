/**
 * The commit timestamp placeholder `{"$commitTs":null}` (`ctx.db.vars.commitTs`): stands for the int64
 * that the transaction's commit will give it, and counts as the largest int64 until then.
 */
import { encodeInt64 } from "./json-value.ts";

/** No string holds this text, because quotes are escaped there, and no field may be named `$…`. */
const PLACEHOLDER = '{"$commitTs":null}';

/** Whether the JSON text of a value contains the placeholder. */
export function hasCommitTs(json: string): boolean {
  return json.includes(PLACEHOLDER);
}

/** The text of the value with nanoseconds of Unix time in every placeholder's place. */
export function resolveCommitTs(json: string, ts: bigint): string {
  if (!hasCommitTs(json)) return json;
  return json.replaceAll(PLACEHOLDER, JSON.stringify(encodeInt64(ts)));
}
