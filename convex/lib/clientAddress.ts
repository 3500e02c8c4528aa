import { limitKeyOf } from "../domain/clientAddress.ts";
import { verifyRequestContext } from "../domain/requestContext.ts";
import { requireEnv } from "./env.ts";

/** All callers that did not come through the web server count as one. */
const UNSIGNED = "unsigned";

/** What limits count by: the address that the web server vouches for. */
export async function clientAddress(token: unknown): Promise<string> {
  if (typeof token !== "string") return UNSIGNED;
  const secret = requireEnv("REQUEST_CONTEXT_SECRET");
  const context = await verifyRequestContext(token, { secret, now: Date.now() });
  return context === null ? UNSIGNED : limitKeyOf(context.ip);
}
