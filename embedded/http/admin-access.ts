import { ServiceError } from "../lib/service-error.ts";
import { callerOf, type Exchange, type HttpContext } from "./http-context.ts";

/** @throws ServiceError `BadAdminKey`, `BadDeployKey` unless the request carries the admin key in its header. */
export async function requireAdmin(exchange: Exchange, context: HttpContext): Promise<void> {
  const caller = await callerOf(exchange, context.authenticator);
  if (caller.kind !== "admin") throw adminOnly();
}

/** For someone who is no admin, or nobody. */
export function adminOnly(): ServiceError {
  return new ServiceError(
    "forbidden",
    "BadDeployKey",
    "The provided deploy key was invalid for this deployment. Double check that the environment " +
      "this key was generated for matches the desired deployment.",
  );
}
