import { createContext, useContext } from "react";

import type { Permission } from "#convex/domain/permissions.ts";

const Context = createContext<readonly Permission[]>([]);

/** What the member of staff may do; put around the pages by their frame. */
export const PermissionsProvider = Context.Provider;

/** What a page leaves out for somebody who may not do it. The shop decides; this only shows. */
export function useMay(permission: Permission): boolean {
  return useContext(Context).includes(permission);
}
