import { getFunctionName, type FunctionArgs, type FunctionReference } from "convex/server";
import * as z from "zod";

import type { Deployment } from "./deployment.ts";

const zReply = z.union([
  z.object({ status: z.literal("success"), value: z.unknown() }),
  z.object({ status: z.literal("error"), errorMessage: z.string() }),
]);

/**
 * Calls an internal function as the deployment's administrator, over its HTTP API.
 * @throws Error with what the function or the deployment said.
 */
export async function callInternal<
  Reference extends FunctionReference<"query" | "mutation" | "action", "internal">,
>(
  { url, adminKey }: Deployment,
  reference: Reference,
  args: Jsonish<FunctionArgs<Reference>>,
): Promise<unknown> {
  const path = getFunctionName(reference);
  const response = await fetch(`${url}/api/function`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Convex ${adminKey}` },
    body: JSON.stringify({ path, format: "json", args }),
  });
  const text = await response.text();
  const reply = zReply.safeParse(parseJson(text));
  if (!reply.success) throw new Error(`${path} answered ${String(response.status)}: ${text}`);
  if (reply.data.status === "error") throw new Error(`${path}: ${reply.data.errorMessage}`);
  return reply.data.value;
}

/** On the wire an id is a plain string; the function's own validators check which kind it is. */
type Jsonish<Args> = { [Key in keyof Args]: Args[Key] extends string ? string : Args[Key] };

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
