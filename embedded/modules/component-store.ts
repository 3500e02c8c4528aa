import type { ComponentPath, Transaction } from "../database/types.ts";
import type { DeclaredVariable, EnvironmentBinding } from "./component-definition.ts";
import type { ComponentMount } from "./component-tree.ts";
import { COMPONENTS } from "./module-tables.ts";
import {
  findRow,
  insertRow,
  listRows,
  replaceRow,
  textField,
  type SystemRow,
} from "./system-documents.ts";

/** The app or a component as it is deployed. One that was unmounted keeps its data, and nothing else. */
export interface ComponentRecord {
  /** Stays the same for a path, whatever is mounted there. */
  readonly id: string;
  readonly mount: ComponentMount;
  readonly state: "active" | "unmounted";
}

export type ComponentChange = "create" | "modify" | "unmount" | "remount";

/**
 * Makes the mounted components those given; others that were mounted count as unmounted from now on.
 * Returns what changed for each, those left out that were unmounted before.
 */
export function replaceComponents(
  transaction: Transaction,
  mounts: readonly ComponentMount[],
): ReadonlyMap<ComponentPath, ComponentChange> {
  const changes = new Map<ComponentPath, ComponentChange>();
  const before = new Map(
    listComponents(transaction).map((record) => [record.mount.componentPath, record]),
  );
  for (const mount of mounts) {
    const { componentPath } = mount;
    const known = before.get(componentPath);
    before.delete(componentPath);
    const fields = { componentPath, mountJson: mountJson(mount), state: "active" };
    if (known === undefined) insertRow(transaction, COMPONENTS, fields);
    else if (known.state !== "active" || mountJson(known.mount) !== fields.mountJson) {
      replaceRow(transaction, known.id, fields);
    }
    const change = known === undefined ? "create" : known.state === "active" ? "modify" : "remount";
    changes.set(componentPath, change);
  }
  for (const [componentPath, { id, mount, state }] of before) {
    if (state === "unmounted") continue;
    const fields = { componentPath, mountJson: mountJson(mount), state: "unmounted" };
    replaceRow(transaction, id, fields);
    changes.set(componentPath, "unmount");
  }
  return changes;
}

/** All components that are or were mounted, by path. */
export function listComponents(transaction: Transaction): ComponentRecord[] {
  return [...listRows(transaction, COMPONENTS, "by_componentPath")].map(parseRecord);
}

/** `null` when nothing was ever mounted there. */
export function findComponent(
  transaction: Transaction,
  componentPath: ComponentPath,
): ComponentRecord | null {
  const row = findRow(transaction, COMPONENTS, "by_componentPath", [componentPath]);
  return row === null ? null : parseRecord(row);
}

/** Everything that a mount is, in one text: two mounts are the same when it is. */
export function mountJson(mount: ComponentMount): string {
  const { declared, environment, httpMounts, ...rest } = mount;
  return JSON.stringify({
    ...rest,
    declared: [...declared],
    environment: [...environment],
    httpMounts: [...httpMounts],
  });
}

function parseRecord(row: SystemRow): ComponentRecord {
  const stored = JSON.parse(textField(row, "mountJson")) as StoredMount;
  return {
    id: row.id,
    state: textField(row, "state") === "active" ? "active" : "unmounted",
    mount: {
      ...stored,
      declared: new Map(stored.declared),
      environment: new Map(stored.environment),
      httpMounts: new Map(stored.httpMounts),
    },
  };
}

/** As `mountJson` writes it. */
interface StoredMount extends Omit<ComponentMount, "declared" | "environment" | "httpMounts"> {
  readonly declared: readonly (readonly [string, DeclaredVariable])[];
  readonly environment: readonly (readonly [string, EnvironmentBinding])[];
  readonly httpMounts: readonly (readonly [string, string])[];
}
