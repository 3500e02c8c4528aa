import type { Permission } from "../domain/permissions.ts";

/**
 * Who may call a function.
 * - `public`: anybody; the result is the same for all and shared, so the caller is unknown.
 * - `visitor`: anybody; the function sees the viewer if there is one.
 * - `guest`: a browser with an identity, signed in or not.
 * - `user`: an account.
 * - `staff`: an account whose role has the permission.
 */
export type Access =
  { level: "public" | "visitor" | "guest" | "user" } | { level: "staff"; permission: Permission };

const ACCESS = Symbol("access");

/** Marks a registered function with its access, for the permission table and its test. */
export function withAccess<Registered extends object>(
  registered: Registered,
  access: Access,
): Registered {
  Object.defineProperty(registered, ACCESS, { value: access });
  return registered;
}

/** The access of a registered function; null if it was not made by one of our builders. */
export function accessOf(registered: object): Access | null {
  const access: unknown = Reflect.get(registered, ACCESS);
  return isAccess(access) ? access : null;
}

function isAccess(value: unknown): value is Access {
  return typeof value === "object" && value !== null && "level" in value;
}
