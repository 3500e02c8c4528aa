export type Role = "client" | "agent" | "manager";

export const PERMISSIONS = [
  "product:read:any",
  "product:write",
  "stock:write",
  "category:write",
  "order:read:any",
  "order:note",
  "order:fulfil",
  "order:cancel:unpaid",
  "order:cancel:paid",
  "order:refund",
  "payment:confirm",
  "user:read:any",
  "user:write",
  "settings:write",
  "review:moderate",
  "audit:read",
] as const;

export type Permission = (typeof PERMISSIONS)[number];

const AGENT_PERMISSIONS: readonly Permission[] = [
  "product:read:any",
  "order:read:any",
  "order:note",
  "order:fulfil",
  "order:cancel:unpaid",
  "user:read:any",
];

/** A role is a set of permissions, and nothing else decides what a member of staff may do. */
export const ROLE_PERMISSIONS: Readonly<Record<Role, readonly Permission[]>> = {
  client: [],
  agent: AGENT_PERMISSIONS,
  manager: PERMISSIONS,
};

export function permissionsOf(role: Role): readonly Permission[] {
  return ROLE_PERMISSIONS[role];
}

export function hasPermission(role: Role, permission: Permission): boolean {
  return ROLE_PERMISSIONS[role].includes(permission);
}
