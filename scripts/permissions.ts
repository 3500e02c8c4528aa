/** A function that people can call, and what it asks of its caller. */
export interface CallableFunction {
  readonly path: string;
  readonly kind: string;
  /** Null for what the sign-in library makes: its providers decide. */
  readonly access: { readonly level: string; readonly permission?: string } | null;
}

/** The roles, with the permissions that each of them has. */
export type RolePermissions = Readonly<Record<string, readonly string[]>>;

const LEVELS: readonly (readonly [string, string])[] = [
  ["public", "anybody; the caller stays unknown and all callers share one result"],
  ["visitor", "anybody; the function sees who is calling, if that is known"],
  ["guest", "a browser with an identity, signed in or not; it reaches what is its own"],
  ["user", "an account; it reaches what is its own"],
  ["staff", "an account whose role has the permission"],
];

/** The content of `docs/permissions.md`: who may do what, as the code says it. */
export function describePermissions(
  permissions: readonly string[],
  roles: RolePermissions,
  functions: readonly CallableFunction[],
): string {
  return [
    "# Permissions",
    "",
    "Made from `convex/domain/permissions.ts` and the functions' builders by `npm run docs`; a test",
    "fails when this page and the code differ. Convex holds these rules: a page that hides a button",
    "is a courtesy. Every call reads the session and the account, so a changed role, a deactivation",
    "or an ended session counts from the next commit on, on open pages too.",
    "",
    "## Roles",
    "",
    "A role is a set of permissions. A guest, who is not signed in, has none. `admin/orders.cancel`",
    "asks for `order:cancel:paid` in addition once money has been taken. A permission that nothing",
    "asks for yet belongs to a part of the shop that is still to come.",
    "",
    ...roleTable(permissions, roles),
    "",
    "## Access levels",
    "",
    "| level | who may call |",
    "| --- | --- |",
    ...LEVELS.map(([level, meaning]) => `| ${level} | ${meaning} |`),
    "",
    "## Public functions",
    "",
    "Whatever is not listed here is internal: the scheduler, crons, webhooks and the start call it.",
    "",
    ...functionTable(functions, roles),
    "",
  ].join("\n");
}

function roleTable(permissions: readonly string[], roles: RolePermissions): string[] {
  const names = Object.keys(roles);
  return [
    `| permission | ${names.join(" | ")} |`,
    `| --- | ${names.map(() => ":-:").join(" | ")} |`,
    ...permissions.map((permission) => {
      const marks = names.map((name) => (roles[name]?.includes(permission) ? "yes" : "–"));
      return `| \`${permission}\` | ${marks.join(" | ")} |`;
    }),
  ];
}

function functionTable(functions: readonly CallableFunction[], roles: RolePermissions): string[] {
  return [
    "| function | kind | level | permission | roles |",
    "| --- | --- | --- | --- | --- |",
    ...functions
      .toSorted((one, other) => (one.path < other.path ? -1 : 1))
      .map(({ path, kind, access }) => {
        const permission = access?.permission;
        const holders =
          permission === undefined
            ? ""
            : Object.keys(roles)
                .filter((role) => roles[role]?.includes(permission))
                .join(", ");
        return `| \`${path}\` | ${kind} | ${access?.level ?? "sign-in library"} | ${permission === undefined ? "" : `\`${permission}\``} | ${holders} |`;
      }),
  ];
}
